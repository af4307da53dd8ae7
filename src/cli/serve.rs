//! `serve`: the library over HTTP, kept live until the program is told to stop.

use super::Verdict;
use super::place::{File, Listen, Place, Poll};
use super::screen::{Paint, Screen, spinner};
use crate::analysis::load_dictionary;
use crate::health::{Health, Part};
use crate::http::{self, AppState, Hosts, Tls};
use crate::journal::Journal;
use crate::library::watch::Mode;
use crate::live::Live;
use crate::register::Register;
use anyhow::{Context, bail};
use clap::Args;
use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Where to listen where nothing says otherwise.
const DEFAULT_LISTEN: Listen = Listen(SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7700));

/// What is logged where neither `HUASHU_LOG` nor `RUST_LOG` says: tantivy tells of every commit.
const DEFAULT_LOG: &str = "info,tantivy=warn";

/// How long threads may go on after the last request has ended.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// 提供搜索（网页和 HTTP 接口）
#[derive(Debug, Args)]
#[command(override_usage = "huashu serve [选项]", next_help_heading = "选项")]
#[command(after_help = "文件一改就生效，不用重启；Ctrl+C 停止。日志写到标准错误，HUASHU_LOG 或 RUST_LOG 设级别。
没有账号时只能在本机提供；其他地址要先有管理员（huashu user add 名字 --role admin），最好再给证书。

例子：
  huashu serve
  huashu --kb /srv/话术 serve --listen 127.0.0.1:8080 --poll 5
  huashu serve --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem --host-name kb.example.com")]
pub(super) struct Options {
    /// 地址和端口（默认 127.0.0.1:7700；端口 0 由系统选）
    #[arg(long, value_name = "ADDR:PORT", env = "HUASHU_LISTEN", hide_env = true)]
    listen: Option<Listen>,
    /// 每隔几秒看一遍文件夹，用于网络磁盘（默认由系统通知）
    #[arg(long, value_name = "SECONDS", env = "HUASHU_POLL", hide_env = true)]
    poll: Option<Poll>,
    /// 每个账号每秒最多几次请求，0 为不限（默认 100；没有账号的本机程序合起来是它的一百倍）
    #[arg(long, value_name = "N", env = "HUASHU_RATE", hide_env = true)]
    rate: Option<u32>,
    /// 证书和证书链（PEM）：用 HTTPS 提供
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// 证书的私钥（PEM）
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// 对外的域名，可以给几个：只回答这些名字和本机
    #[arg(long = "host-name", value_name = "NAME")]
    host_names: Vec<String>,
}

pub(super) fn run(options: &Options, file: &File, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    log();
    http::quiet_panics();
    let begin = Instant::now();
    let loading = spinner("载入知识库");
    // The longest single step of a start, beside all others; where no thread can be had it waits its turn.
    let _ = std::thread::Builder::new().name("huashu-words".to_owned()).spawn(load_dictionary);
    let kb = place.kb.clone();
    let _ = std::thread::Builder::new().name("huashu-sweep".to_owned()).spawn(move || match crate::library::sweep(&kb) {
        0 => {}
        swept => tracing::info!(swept, "files that a killed writer had left half written are removed"),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(http::worker_threads()).enable_all().build();
    let runtime = runtime.context("没有线程可用")?;
    // Beside the library: all of a long history is read to find out whether it is sound.
    let (data, handle) = (place.data.clone(), runtime.handle().clone());
    let register = std::thread::Builder::new().name("huashu-register".to_owned());
    let register = register.spawn(move || handle.block_on(Register::open(&data))).context("没有线程可用")?;
    let health = Arc::<Health>::default();
    let journal = journal(place, &health);
    let learned = journal.as_ref().map_or_else(Arc::default, |journal| journal.learned());
    let opened = Live::open_with(&place.kb, &place.index, learned);
    // What cannot be restored from files is told first.
    let register = register.join().map_err(|_| anyhow::anyhow!("台账没有打开"))??;
    let (live, warnings) = opened?;
    loading.finish_and_clear();
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let live = Arc::new(live.with_health(health));
    let mode = options.poll.or(file.poll).map_or(Mode::Events, |poll| Mode::Poll(poll.0));
    let _running = live.run(mode, |error| tracing::debug!("the library is served as it was before: {error}"))?;

    let address = options.listen.or(file.listen).unwrap_or(DEFAULT_LISTEN).0;
    check_address(address, register.people().has_admin())?;
    let tls = tls(options, file)?;
    let names = if options.host_names.is_empty() { &file.host_names } else { &options.host_names };
    let listener = runtime
        .block_on(async { http::listen(address) })
        .with_context(|| format!("不能在 {address} 上提供；端口被占用时，用 --listen 另选一个"))?;
    // Signals are caught from here on: who reads the address may send one at once.
    let stop = { runtime.block_on(async { stop_signal() })? };
    let token = http::local_token(&place.data).with_context(|| format!("{} 里不能写本机令牌", place.data.display()))?;
    let has_accounts = !register.people().is_empty();
    let hosts = if names.is_empty() { Hosts::Any } else { Hosts::Named(names.as_slice().into()) };
    let state = state(&live, journal).with_register(register).with_token(&token).with_hosts(hosts);
    let rate = options.rate.or(file.rate).unwrap_or(http::DEFAULT_RATE.get());
    let state = with_oidc(state.with_rate(NonZeroU32::new(rate)), file)?;
    let local = listener.local_addr()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = match names.first() {
        Some(name) => format!("{scheme}://{name}:{}", local.port()),
        None => format!("{scheme}://{local}"),
    };
    if tls.is_none() && !local.ip().is_loopback() {
        tracing::warn!("without a certificate passwords and customers' words cross the network in the clear");
    }
    let _beside = {
        let _within = runtime.enter();
        state.look_beside()
    };
    announce(&live, &url, &token, has_accounts, begin.elapsed(), screen)?;
    let served = async {
        match tls {
            Some(tls) => http::serve_tls(listener, tls, state, stop).await,
            None => http::serve(listener, state, stop).await,
        }
    };
    runtime.block_on(served).context("服务中断")?;
    runtime.shutdown_timeout(SHUTDOWN_GRACE);
    Ok(Verdict::Done)
}

/// Other machines come only where somebody decides who may.
fn check_address(address: SocketAddr, has_admin: bool) -> anyhow::Result<()> {
    if address.ip().is_loopback() || has_admin {
        return Ok(());
    }
    bail!("{} 不是本机地址：先建一个管理员（huashu user add 名字 --role admin），或者改在 127.0.0.1 上提供", address.ip())
}

fn tls(options: &Options, file: &File) -> anyhow::Result<Option<Tls>> {
    let pair = options.tls_cert.as_ref().zip(options.tls_key.as_ref());
    match (pair, &file.tls_cert, &file.tls_key) {
        (Some((certificate, key)), ..) | (None, Some(certificate), Some(key)) => Tls::read(certificate, key).map(Some),
        (None, None, None) => Ok(None),
        _ => bail!("tls_cert 和 tls_key 要一起给"),
    }
}

fn with_oidc(state: AppState, file: &File) -> anyhow::Result<AppState> {
    let Some(settings) = &file.oidc else { return Ok(state) };
    settings.check().map_err(anyhow::Error::msg)?;
    #[cfg(feature = "oidc")]
    return state.with_oidc(settings.clone());
    #[cfg(not(feature = "oidc"))]
    bail!("huashu.toml 里有 [oidc]，这个程序却没有带 OpenID Connect：请用 cargo build --release --features oidc 重新编译")
}

/// Logs to standard error; never with a customer's text.
fn log() {
    let wanted = ["HUASHU_LOG", "RUST_LOG"].into_iter().find_map(|name| std::env::var(name).ok().filter(|filter| !filter.is_empty()));
    let filter = EnvFilter::builder().parse_lossy(wanted.as_deref().unwrap_or(DEFAULT_LOG));
    // In a file or a service manager's journal colours are noise.
    let colors = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colors).with_writer(std::io::stderr).finish();
    // Whatever is asked for: the client of the OpenID provider would write down every byte, and so codes, tokens and the service's own secret.
    let quiet = filter_fn(|of| *of.level() != Level::TRACE || !of.target().starts_with("ureq"));
    // A second subscriber is refused; the first goes on.
    let _ = subscriber.with(quiet).try_init();
}

/// Without a journal, where it cannot be used, is served all the same: searching needs none.
fn journal(place: &Place, health: &Arc<Health>) -> Option<Arc<Journal>> {
    match Journal::serve(&place.data, health) {
        Ok((journal, warnings)) => {
            warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            Some(Arc::new(journal))
        }
        Err(error) => {
            health.fails(Part::Journal, &format!("nothing is learned: {error}"));
            None
        }
    }
}

fn state(live: &Arc<Live>, journal: Option<Arc<Journal>>) -> AppState {
    let state = AppState::new(Arc::clone(live));
    let Some(journal) = journal else { return state };
    let learner = Arc::clone(live);
    journal.listen(move |learned| {
        // What failed is told by the service's health, and tried again.
        let _ = learner.learn(learned);
    });
    state.with_journal(journal)
}

fn announce(live: &Live, url: &str, token: &str, has_accounts: bool, took: Duration, screen: &mut Screen) -> std::io::Result<()> {
    let snapshot = live.snapshot();
    let (entries, problems) = (snapshot.library.entries.len(), snapshot.library.problems.len());
    if screen.json {
        screen
            .json(&serde_json::json!({ "url": url, "token": token, "entries": entries, "problems": problems, "took_ms": took.as_secs_f64() * 1000.0 }))?;
    } else {
        screen.line(format!("话术在 {}", screen.paint(Paint::Strong, url)))?;
        if has_accounts {
            screen.line(format!("工作台：{url}/studio"))?;
        } else {
            screen.line(format!("工作台（带写入权限）：{url}/studio#token={token}"))?;
        }
        let (problems, hint) = match problems {
            0 => ("没有问题".to_owned(), ""),
            count => (format!("{count} 个问题"), "（huashu check 列出）"),
        };
        screen.line(format!("{entries} 个条目，{problems}{hint}，启动用了 {:.1} 秒；Ctrl+C 停止", took.as_secs_f64()))?;
    }
    screen.flush()
}

/// Resolves when the program is told to stop: Ctrl+C, or what service managers send.
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
