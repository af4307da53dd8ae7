//! The service on a listener: the routes, what goes on beside them, and the end of it all.

use super::tls::Tls;
use super::{AppState, Hosts, router, upkeep, wire};
use crate::register::Register;
use futures_util::future::OptionFuture;
use tokio::net::TcpListener;

/// Serves until `shutdown` is done, then lets open requests end, for a few seconds at most.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(listener: TcpListener, state: AppState, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    serve_by(listener, None, state, shutdown).await
}

/// The same by TLS; cookies are for TLS alone then.
///
/// # Errors
/// Where the listener fails.
pub async fn serve_tls(
    listener: TcpListener,
    tls: Tls,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    serve_by(listener, Some(tls), AppState { secure: true, ..state }, shutdown).await
}

async fn serve_by(listener: TcpListener, tls: Option<Tls>, state: AppState, shutdown: impl Future<Output = ()>) -> std::io::Result<()> {
    let hosts = Hosts::of(listener.local_addr()?);
    let state = state.or_hosts(hosts);
    let upkeep = tokio::spawn(upkeep::run(state.clone()));
    let people = state.register.clone().map(|register| tokio::spawn(async move { register.follow_people().await }));
    let (register, notices) = (state.register.clone(), state.notices.clone());
    let limits = (state.patience, state.connections);
    let stop = async move {
        shutdown.await;
        // Streams end; whatever else was begun is answered.
        notices.close();
    };
    wire::serve(listener, tls, router(state), limits, stop).await;
    upkeep.abort();
    people.iter().for_each(tokio::task::JoinHandle::abort);
    if let Some(Err(error)) = OptionFuture::from(register.as_ref().map(Register::write_seen)).await {
        tracing::error!(%error, "when people were last seen could not be written");
    }
    Ok(())
}
