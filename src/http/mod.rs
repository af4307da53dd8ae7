//! The HTTP edge: handlers take input, call the core, shape the answer. [`router`] is the seam that tests drive without sockets;
//! [`serve()`] puts it on a listener.

mod at;
mod audit;
mod browse;
mod check;
mod decide;
mod desk;
mod edit;
mod entries;
pub mod entry_json;
mod error;
mod extract;
mod files;
mod frame;
mod golden;
mod golden_trial;
mod history;
mod import;
pub mod json;
mod learning;
mod limits;
mod list;
mod login;
mod mask;
mod messages;
mod notices;
#[cfg(feature = "oidc")]
mod oidc;
mod origin;
mod page;
mod patience;
mod personal;
mod picture;
mod points;
mod preview;
mod privacy;
mod private;
mod rate;
mod removed;
mod renewals;
mod reports;
mod search;
mod serve;
mod session;
mod site_profiles;
mod submissions;
mod system;
mod tls;
mod token;
mod tokens;
mod trial;
mod upkeep;
mod users;
mod who;
mod wire;

pub use audit::{AuditLine, AuditResponse};
pub use browse::{BrowseRequest, BrowseResponse};
pub use check::{CheckRequest, CheckResponse, FindingJson, MAX_DRAFT_CHARS, check_text};
pub use decide::{ApproveRequest, ApproveResponse, TrialRequest, TrialResponse};
pub use desk::{
    AskedJson, AskedResponse, DraftResponse, MergeTwinsRequest, MoveRequest, MoveResponse, SimilarEntry, SimilarPair, SimilarResponse,
    WishJson, WishesResponse,
};
pub use edit::{NewEntryRequest, SaveEntryRequest, SavedResponse, WarningJson, id_of};
pub use entries::{EntryResponse, RenderRequest, RenderResponse};
pub use error::{ApiError, PROBLEM_TYPE, ProblemDocument};
pub use files::{FileResponse, FileSummary, FilesResponse, SaveFileRequest};
pub use frame::Hosts;
pub use golden::{GoldenJson, GoldenProposalJson, GoldenResponse, NewGolden};
pub use golden_trial::{GoldenShift, GoldenTrial};
pub use history::{
    DiffPiece, DiffResponse, HistoryResponse, MergeRequest, MergeResponse, RestoreRequest, VersionJson, VersionResponse, diff_pieces,
};
pub use import::{ImportColumn, ImportCounts, ImportField, ImportResponse, ImportRow, MAX_IMPORT_BYTES, MAX_IMPORT_ROWS};
pub use learning::{
    DecideRequest, DecideResponse, EventJson, EventsRequest, EventsResponse, PhrasingJson, PhrasingsResponse, find_phrasing,
};
pub use limits::{LimitJson, LimitsJson};
pub use list::{EntriesResponse, EntryLine};
pub use mask::{MaskRequest, MaskResponse};
pub use messages::{MessageJson, MessagesResponse};
pub use notices::{
    AcknowledgedResponse, AcknowledgementJson, AcknowledgementsResponse, NewNotice, NoticeEvent, NoticeJson, NoticesResponse,
    ReviewNoticeRequest,
};
pub use origin::EXTENSION_ORIGIN;
pub use patience::Patience;
pub use points::{BoardLine, LedgerLine, PointsResponse};
pub use preview::{PreviewRequest, PreviewResponse, ReplyFinding, SimilarJson};
pub use privacy::{ErasedResponse, MaskSample, PersonResponse, PrivacyResponse, RetentionLine};
pub use private::{PrivateJson, PrivateRequest, PrivateResponse};
pub use rate::DEFAULT_RATE;
pub use removed::{RemovedJson, RemovedResponse};
pub use renewals::{RenewOutcome, RenewRequest, RenewResponse, RenewalJson, RenewalsResponse};
pub use reports::{
    ExpiringRow, FiguresJson, GapRow, HotWordRow, NearestJson, NeverUsedRow, NoHitRow, PainAnswerJson, PainJson, PainsResponse, ReportJson,
    SampleJson, SpeedRow, SuccessJson, UnusedRow, UsageRow,
};
pub use search::{ContextJson, FilterJson, MAX_MESSAGES, MAX_QUESTION_BYTES, SearchRequest, SuggestResponse};
pub use serve::{serve, serve_tls};
pub use session::{PasswordChange, SessionResponse, SignInRequest};
pub use submissions::{
    ChangeJson, CommentJson, CommentRequest, ReturnRequest, SubmissionJson, SubmissionRequest, SubmissionResponse, SubmissionsResponse,
};
pub use system::{CountJson, FaultJson, HealthResponse, LibraryResponse, ProblemsResponse};
pub use tls::Tls;
pub use token::{TOKEN_FILE, local_token};
pub use tokens::{NewToken, NewTokenResponse, TokenJson, TokensResponse};
pub use trial::{EntryShift, FileTrialRequest, FileTrialResponse, QuestionShift, SentenceTrial};
pub use users::{LendRequest, LentJson, NewUser, NewUserResponse, SetPassword, SetPasswordResponse, UserChange, UserJson, UsersResponse};
pub use wire::{MAX_CONNECTIONS, listen};

use crate::editing::{Author, Beside, Editing, Way};
use crate::journal::Journal;
use crate::lately::Lately;
use crate::live::{Live, LiveError};
use crate::notices::Board;
use crate::register::Register;
use crate::snapshot::Snapshot;
use crate::suggest::SuggestTable;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

/// Largest body: five times the largest question, so that escapes fit.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// Searches at once, those that wait for a core included. One takes half a millisecond of a core: with 256 in line the last waits less than a
/// tenth of a second on two cores, and who comes then is better off asking again. Fewer would be full whenever a change is indexed.
pub const MAX_SEARCHES: usize = 256;

/// How long a change waits until it is searched before it is answered: the largest libraries take half of it.
const PUBLISH_WAIT: Duration = Duration::from_secs(2);

/// How long open requests may take after the end was asked for: longer than the slowest, shorter than supervisors wait before they kill.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Bodies below it gain nothing by compression: they fit into one packet.
const MIN_COMPRESSED_BYTES: u64 = 1024;

/// Brotli's level: 4 is as fast as gzip and smaller.
const COMPRESSION_QUALITY: i32 = 4;

/// Items of a page of a list where the request says nothing.
const DEFAULT_PAGE: usize = 50;

/// Most items of a page of a list.
const MAX_PAGE: usize = 200;

/// What every handler shares.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The library.
    live: Arc<Live>,
    /// What was searched and used; absent where its file cannot be used.
    journal: Option<Arc<Journal>>,
    /// Accounts, proposals, versions; absent in tests that need none.
    register: Option<Register>,
    /// The one way in which content changes; there when a register is.
    editing: Option<Arc<Editing>>,
    /// The local token; absent: nobody has it.
    token: Option<Arc<str>>,
    hosts: Hosts,
    patience: Patience,
    connections: usize,
    rates: Arc<rate::Rates>,
    /// Whether browsers come by TLS: cookies are for it alone then.
    secure: bool,
    login: Arc<login::Login>,
    ready: Arc<limits::Ready>,
    #[cfg(feature = "oidc")]
    oidc: Option<Arc<oidc::Oidc>>,
    searches: Arc<Semaphore>,
    cores: Arc<Semaphore>,
    reports: Arc<Semaphore>,
    suggest: Arc<Mutex<search::KeptTable>>,
    lately: Arc<Lately>,
    moment: Arc<Mutex<at::KeptMoment>>,
    notices: Board,
    /// A place for one library aside: trials and approvals take turns.
    trials: Arc<Semaphore>,
    golden: Arc<Mutex<golden::KeptOutcomes>>,
}

impl AppState {
    /// A state that answers under any name.
    pub fn new(live: Arc<Live>) -> AppState {
        AppState {
            live,
            journal: None,
            register: None,
            editing: None,
            token: None,
            hosts: Hosts::Any,
            patience: Patience::DEFAULT,
            connections: MAX_CONNECTIONS,
            rates: Arc::new(rate::Rates::new(Some(DEFAULT_RATE))),
            secure: false,
            login: Arc::default(),
            ready: Arc::default(),
            #[cfg(feature = "oidc")]
            oidc: None,
            searches: Arc::new(Semaphore::new(MAX_SEARCHES)),
            cores: Arc::new(Semaphore::new(cores())),
            reports: Arc::new(Semaphore::new(reports::MAX_REPORTS)),
            suggest: Arc::default(),
            lately: Arc::default(),
            moment: Arc::default(),
            notices: Board::default(),
            trials: Arc::new(Semaphore::new(1)),
            golden: Arc::default(),
        }
    }

    /// The same with a journal of searches and picks.
    pub fn with_journal(self, journal: Arc<Journal>) -> AppState {
        AppState { journal: Some(journal), ..self }
    }

    /// The same with a register.
    pub fn with_register(self, register: Register) -> AppState {
        let editing = Editing::new(self.live.dir(), register.clone());
        AppState { register: Some(register), editing: Some(Arc::new(editing)), ..self }
    }

    /// The same with the token that writing calls must show.
    pub fn with_token(self, token: &str) -> AppState {
        AppState { token: Some(Arc::from(token)), ..self }
    }

    /// The same with names that it answers to.
    pub fn with_hosts(self, hosts: Hosts) -> AppState {
        AppState { hosts, ..self }
    }

    /// The same with another patience with its clients.
    pub fn with_patience(self, patience: Patience) -> AppState {
        AppState { patience, ..self }
    }

    /// The same with another number of connections at once.
    pub fn with_connections(self, connections: usize) -> AppState {
        AppState { connections, ..self }
    }

    /// The same with another number of requests a second of one caller; `None`: any.
    pub fn with_rate(self, per_second: Option<NonZeroU32>) -> AppState {
        AppState { rates: Arc::new(rate::Rates::new(per_second)), ..self }
    }

    /// The same with the rule for its address, where nothing else was said.
    fn or_hosts(self, hosts: Hosts) -> AppState {
        if self.hosts == Hosts::Any { self.with_hosts(hosts) } else { self }
    }

    /// The same with another number of searches at once.
    pub fn with_searches(self, limit: usize) -> AppState {
        AppState { searches: Arc::new(Semaphore::new(limit)), ..self }
    }

    /// A place among the searches, until it is dropped: refused at once where too many wait, else given once a core is free.
    async fn take_place(&self) -> Result<Place, ApiError> {
        let in_line = Arc::clone(&self.searches).try_acquire_owned().map_err(|_| {
            metrics::counter!("huashu_searches_refused_total").increment(1);
            ApiError::Busy
        })?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| ApiError::Busy)?;
        Ok(Place { _in_line: in_line, _core: core })
    }

    fn journal(&self) -> Result<Arc<Journal>, ApiError> {
        self.journal.clone().ok_or(ApiError::NoJournal)
    }

    fn register(&self) -> Result<&Register, ApiError> {
        let register = self.register.as_ref().ok_or(ApiError::NoRegister)?;
        register.look_for_file()?;
        Ok(register)
    }

    fn editing(&self) -> Result<&Arc<Editing>, ApiError> {
        self.register()?;
        self.editing.as_ref().ok_or(ApiError::NoRegister)
    }

    /// The caller as author of a change.
    fn author(&self, who: &who::Who, way: Way, why: Option<&str>) -> Author {
        Author::new(&who.identity, way, why.unwrap_or_default())
    }

    /// Keeps versions of what changes beside the service, until the result is dropped; `None` without a register. Call within a runtime.
    pub fn look_beside(&self) -> Option<Beside> {
        self.editing.as_ref().map(|editing| editing.look_beside(&self.live))
    }

    /// Waits until a change that was just made is searched, for [`PUBLISH_WAIT`] at most; it goes on where that is not enough.
    async fn publish(&self) {
        self.publish_by(Live::refresh).await;
    }

    /// The same of a change to one file.
    async fn publish_file(&self, path: &str) {
        let path = path.to_owned();
        self.publish_by(move |live| live.refresh_some(&[path])).await;
    }

    async fn publish_by(&self, refresh: impl FnOnce(&Live) -> Result<(), LiveError> + Send + 'static) {
        let live = Arc::clone(&self.live);
        let refresh = tokio::task::spawn_blocking(move || refresh(&live));
        if let Ok(Ok(Err(error))) = tokio::time::timeout(PUBLISH_WAIT, refresh).await {
            tracing::error!(%error, "a change is written and not served yet");
        }
    }

    /// Whether one can sign in by OpenID Connect.
    #[cfg(feature = "oidc")]
    fn has_oidc(&self) -> bool {
        self.oidc.is_some()
    }

    /// Without the feature one cannot.
    #[cfg(not(feature = "oidc"))]
    fn has_oidc(&self) -> bool {
        false
    }

    /// The same with a provider by which people sign in.
    ///
    /// # Errors
    /// Where the secret cannot be read.
    #[cfg(feature = "oidc")]
    pub fn with_oidc(self, settings: crate::oidc::OidcSettings) -> anyhow::Result<AppState> {
        Ok(AppState { oidc: Some(Arc::new(oidc::Oidc::new(settings)?)), ..self })
    }

    fn suggest_table(&self, snapshot: &Arc<Snapshot>) -> Arc<SuggestTable> {
        let mut kept = self.suggest.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref().filter(|(of, _)| std::ptr::eq(of.as_ptr(), Arc::as_ptr(snapshot))) {
            Some((_, table)) => Arc::clone(table),
            None => {
                let table = Arc::new(SuggestTable::new(snapshot));
                *kept = Some((Arc::downgrade(snapshot), Arc::clone(&table)));
                table
            }
        }
    }
}

/// A place among the searches.
struct Place {
    _in_line: OwnedSemaphorePermit,
    _core: OwnedSemaphorePermit,
}

/// How many searches compute at once: as many as there are cores, since more would only take turns; two at least, so that a long one alone
/// does not hold up all others.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get).max(2)
}

/// Threads that a runtime wants to serve: one for each search that computes, and one that reads and answers meanwhile.
pub fn worker_threads() -> usize {
    cores() + 1
}

/// Runs work that computes or reads files off the async threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, ApiError> + Send + 'static) -> Result<T, ApiError> {
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(result) => result,
        // What a panic said may hold a customer's words.
        Err(_) => Err(ApiError::Internal(anyhow::anyhow!("a task panicked or was cancelled"))),
    }
}

fn page_limit(limit: usize) -> Result<usize, ApiError> {
    if limit > MAX_PAGE { Err(ApiError::BadQuery(format!("limit is at most {MAX_PAGE}, found {limit}"))) } else { Ok(limit) }
}

/// The frame of the description; paths and shapes come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Huashu",
        description = "话术知识库: a customer's message in, ranked scripts out. JSON in UTF-8, snake_case. Every failure is a problem document \
            (RFC 9457) with a stable `code`. Fields that the server does not know are passed over; clients should do the same.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(ProblemDocument)),
    tags(
        (name = "search", description = "A question in, ranked scripts out"),
        (name = "learning", description = "What was used, and what it taught"),
        (name = "content", description = "Entries, replies, checks"),
        (name = "accounts", description = "Who may do and see what"),
        (name = "review", description = "Proposals, renewals, points, notices"),
        (name = "reports", description = "What customers asked, what was used, what is missing"),
        (name = "operations", description = "How the service does")
    )
)]
struct Description;

fn api() -> OpenApiRouter<AppState> {
    let router = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(search::post_search, search::get_search))
        .routes(routes!(search::get_suggest))
        .routes(routes!(browse::post_browse))
        .routes(routes!(list::list_entries, edit::create_entry))
        .routes(routes!(entries::get_entry, edit::save_entry, edit::delete_entry))
        .routes(routes!(history::list_history))
        .routes(routes!(history::get_version))
        .routes(routes!(history::diff_entry))
        .routes(routes!(history::restore_entry))
        .routes(routes!(history::merge_texts))
        .routes(routes!(removed::list_removed))
        .routes(routes!(preview::post_preview))
        .merge(files_api())
        .routes(routes!(messages::list_messages))
        .routes(routes!(messages::dismiss_message))
        .routes(routes!(entries::render_reply))
        .routes(routes!(check::post_check))
        .routes(routes!(mask::post_mask))
        .routes(routes!(picture::get_picture))
        .routes(routes!(learning::post_events))
        .routes(routes!(learning::list_phrasings))
        .routes(routes!(learning::decide_phrasing))
        .routes(routes!(session::get_session, session::sign_in, session::sign_out))
        .routes(routes!(session::change_password))
        .routes(routes!(users::list_users, users::create_user))
        .routes(routes!(users::change_user))
        .routes(routes!(users::set_password))
        .routes(routes!(users::lend_authority, users::take_authority_back))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(limits::get_limits, limits::set_limits))
        .routes(routes!(private::list_private, private::create_private))
        .routes(routes!(private::change_private, private::drop_private))
        .routes(routes!(personal::import_private).layer(DefaultBodyLimit::max(MAX_IMPORT_BYTES)))
        .routes(routes!(personal::export_private))
        .routes(routes!(submissions::propose, submissions::list_submissions))
        .routes(routes!(submissions::get_submission, submissions::withdraw_submission))
        .routes(routes!(submissions::return_submission))
        .routes(routes!(submissions::comment_submission))
        .routes(routes!(decide::try_submission))
        .routes(routes!(decide::approve_submission))
        .routes(routes!(renewals::list_renewals, renewals::renew))
        .routes(routes!(points::list_points))
        .routes(routes!(golden::list_golden, golden::add_golden))
        .routes(routes!(golden::run_golden))
        .routes(routes!(privacy::get_privacy))
        .routes(routes!(privacy::export_person, privacy::erase_person))
        .routes(routes!(notices::listen_to_notices, notices::publish_notice))
        .routes(routes!(notices::list_notices))
        .routes(routes!(notices::withdraw_notice))
        .routes(routes!(notices::acknowledge_notice))
        .routes(routes!(notices::list_acknowledgements))
        .routes(routes!(notices::review_notice))
        .routes(routes!(audit::list_audit))
        .routes(routes!(import::import_table).layer(DefaultBodyLimit::max(MAX_IMPORT_BYTES)))
        .routes(routes!(import::export_table))
        .routes(routes!(desk::list_similar))
        .routes(routes!(desk::merge_similar))
        .routes(routes!(desk::list_wishes))
        .routes(routes!(desk::draft_wish))
        .routes(routes!(desk::list_asked))
        .routes(routes!(desk::move_phrasing))
        .routes(routes!(reports::report_hot_words))
        .routes(routes!(reports::report_no_hits))
        .routes(routes!(reports::report_unused))
        .routes(routes!(reports::report_gaps))
        .routes(routes!(reports::report_usage))
        .routes(routes!(reports::report_never_used))
        .routes(routes!(reports::report_expiring))
        .routes(routes!(reports::report_speed))
        .routes(routes!(reports::report_pain_points))
        .routes(routes!(reports::report_weekly))
        .routes(routes!(site_profiles::get_site_profiles))
        .routes(routes!(system::list_problems))
        .routes(routes!(system::get_library))
        .routes(routes!(system::health))
        .routes(routes!(system::ready))
        .routes(routes!(system::get_metrics));
    #[cfg(feature = "oidc")]
    let router = router.routes(routes!(oidc::begin_oidc)).routes(routes!(oidc::end_oidc));
    router
}

/// Lexicon, shops and settings: files of the lexicon are larger than other bodies.
fn files_api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(files::list_lexicon))
        .routes(routes!(files::get_lexicon_file, files::save_lexicon_file))
        .routes(routes!(trial::try_lexicon_file))
        .routes(routes!(files::list_shops))
        .routes(routes!(files::get_shop_file, files::save_shop_file))
        .routes(routes!(files::get_settings, files::save_settings))
        .routes(routes!(files::list_file_history))
        .routes(routes!(files::get_file_version))
        .layer(DefaultBodyLimit::max(files::MAX_FILE_BODY_BYTES))
}

/// Says how writing calls prove that they may.
fn describe_token(description: &mut utoipa::openapi::OpenApi) {
    let scheme = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of a user, or the local token in data/…/local-token"))
        .build();
    description.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
}

/// Says of every operation how it fails: all fail alike.
fn describe_failures(description: &mut utoipa::openapi::OpenApi) {
    for PathItem { get, post, put, delete, .. } in description.paths.paths.values_mut() {
        for operation in [get, post, put, delete].into_iter().flatten() {
            for (status, text) in [("4XX", "The request cannot be answered"), ("5XX", "The service cannot answer")] {
                let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
                let response = ResponseBuilder::new().description(text).content(PROBLEM_TYPE, content).build();
                operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
            }
        }
    }
}

/// All routes, with everything around them.
pub fn router(state: AppState) -> Router {
    system::recorder();
    let (routes, mut description) = api().split_for_parts();
    describe_failures(&mut description);
    describe_token(&mut description);
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Precise(COMPRESSION_QUALITY))
        .compress_when(SizeAbove::new(MIN_COMPRESSED_BYTES).and(NotForContentType::IMAGES).and(NotForContentType::SSE));
    let docs = utoipa_swagger_ui::SwaggerUi::new("/docs")
        .url("/openapi.json", description)
        // Nothing is asked of a server elsewhere.
        .config(utoipa_swagger_ui::Config::default().validator_url("none"));
    routes
        .merge(page::routes())
        .merge(docs)
        .fallback(|| async { ApiError::NoRoute })
        .layer(CatchPanicLayer::custom(frame::after_panic))
        .layer(TimeoutLayer::with_status_code(frame::TIMEOUT_STATUS, state.patience.request))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(axum::middleware::from_fn_with_state(state.clone(), frame::frame))
        .layer(compression)
        .with_state(state)
}

/// Makes a panic say where, not what: its message may quote a customer. For the whole process, so that its `main` decides.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "unknown place".to_owned(), ToString::to_string);
        tracing::error!(place, "a bug: panicked");
    }));
}
