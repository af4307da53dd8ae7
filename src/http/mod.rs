//! The HTTP edge: handlers take input, call the core, shape the answer. [`router`] is the seam that tests drive without sockets.

use crate::live::Live;
use axum::Router;
use axum::routing::get;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What every handler shares.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The library.
    pub live: Arc<Live>,
}

/// All routes.
pub fn router(state: AppState) -> Router {
    Router::new().route("/healthz", get(|| async { "ok" })).with_state(state)
}

/// Serves until `shutdown` is done, then lets open requests end.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(listener: TcpListener, live: Arc<Live>, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    axum::serve(listener, router(AppState { live })).with_graceful_shutdown(shutdown).await
}
