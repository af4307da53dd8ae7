//! `/v1/oidc`: sign-in by OpenID Connect, authorization code with PKCE, state and nonce. Behind the feature `oidc`.
//!
//! A user is bound to issuer and subject when they are made, at their first sign-in; a name is only a name, and one that somebody has here
//! is nobody else's, whatever the provider says.

use super::error::ApiError;
use super::extract::ApiQuery;
use super::session::cookie;
use super::who::Who;
use super::{AppState, blocking};
use crate::access::Role;
use crate::journal::now_ms;
use crate::oidc::OidcSettings;
use crate::register::{Register, SESSION_SECONDS, User, authority_of};
use anyhow::Context;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthenticationFlow, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use utoipa::IntoParams;

/// The cookie that binds a sign-in to the browser in which it began. Lax: the provider's page sends the browser back.
const STATE_COOKIE: &str = "huashu_oidc";

/// How long a sign-in may take: people look for their second factor.
const SIGN_IN_TIME: Duration = Duration::from_secs(600);

/// Sign-ins under way; beyond it the oldest are forgotten.
const MAX_PENDING: usize = 1_000;

/// Longest wait for the provider.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer of the provider: keys and tokens are some kilobytes.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;

/// Variable with the secret where no file is named.
const SECRET_VARIABLE: &str = "HUASHU_OIDC_SECRET";

/// The provider, and the sign-ins under way.
#[derive(Debug)]
pub(super) struct Oidc {
    settings: OidcSettings,
    secret: Option<ClientSecret>,
    /// By state.
    pending: Mutex<HashMap<String, Pending>>,
}

#[derive(Debug)]
struct Pending {
    verifier: PkceCodeVerifier,
    nonce: Nonce,
    at: Instant,
}

/// All claims beside the standard ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OtherClaims(BTreeMap<String, Value>);

impl AdditionalClaims for OtherClaims {}

type Fields =
    IdTokenFields<OtherClaims, EmptyExtraTokenFields, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

type Provider = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Oidc {
    /// Reads the secret; asks nobody yet.
    ///
    /// # Errors
    /// Where the file with the secret cannot be read.
    pub(super) fn new(settings: OidcSettings) -> anyhow::Result<Oidc> {
        let secret = match &settings.client_secret_file {
            Some(file) => Some(std::fs::read_to_string(file).with_context(|| format!("{} 读不出来", file.display()))?),
            None => std::env::var(SECRET_VARIABLE).ok(),
        };
        let secret = secret.map(|secret| secret.trim().to_owned()).filter(|secret| !secret.is_empty()).map(ClientSecret::new);
        Ok(Oidc { settings, secret, pending: Mutex::default() })
    }

    /// The provider as it describes itself now: its keys change.
    fn provider(&self) -> anyhow::Result<Provider> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone())?;
        let described = CoreProviderMetadata::discover(&issuer, &ask).context("the OpenID provider does not describe itself")?;
        let redirect = RedirectUrl::new(format!("{}/v1/oidc/callback", self.settings.url.trim_end_matches('/')))?;
        let client = ClientId::new(self.settings.client_id.clone());
        Ok(Provider::from_provider_metadata(described, client, self.secret.clone()).set_redirect_uri(redirect))
    }

    /// Where the browser goes, and the state that comes back with it.
    fn begin(&self) -> anyhow::Result<(String, String)> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let provider = self.provider()?;
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let request = provider.authorize_url(flow, CsrfToken::new_random, Nonce::new_random).add_scopes(scopes);
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        let state = state.secret().clone();
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.retain(|_, of| of.at.elapsed() < SIGN_IN_TIME);
        if pending.len() >= MAX_PENDING
            && let Some(oldest) = pending.iter().min_by_key(|(_, of)| of.at).map(|(state, _)| state.clone())
        {
            pending.remove(&oldest);
        }
        pending.insert(state.clone(), Pending { verifier, nonce, at: Instant::now() });
        Ok((url.to_string(), state))
    }

    /// A sign-in that is under way; it is over with this.
    fn take(&self, state: &str) -> Option<Pending> {
        let taken = self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(state)?;
        (taken.at.elapsed() < SIGN_IN_TIME).then_some(taken)
    }

    /// The claims of a token that is for this service, signed by the provider, and for this sign-in.
    fn claims(&self, code: String, pending: Pending) -> anyhow::Result<Value> {
        let provider = self.provider()?;
        let request = provider.exchange_code(AuthorizationCode::new(code))?.set_pkce_verifier(pending.verifier);
        let answer = request.request(&ask).map_err(|error| anyhow::anyhow!("the OpenID provider gives no token: {}", told(&error)))?;
        let token = answer.id_token().context("the OpenID provider gives no ID token")?;
        let claims = token.claims(&provider.id_token_verifier(), &pending.nonce).context("the ID token is not valid")?;
        Ok(serde_json::to_value(claims)?)
    }
}

/// Why a code gave no token, without a word of the provider's: it may repeat the code, or what it answers may be a token that cannot be read.
fn told(error: &RequestTokenError<ureq::Error, StandardErrorResponse<CoreErrorResponseType>>) -> String {
    match error {
        RequestTokenError::ServerResponse(refusal) => match refusal.error() {
            CoreErrorResponseType::Extension(_) => "it refuses, by an error of its own".to_owned(),
            known => format!("it refuses: {}", known.as_ref()),
        },
        RequestTokenError::Request(error) => format!("it cannot be asked: {error}"),
        RequestTokenError::Parse(error, _) => format!("its answer cannot be read at {:?}", error.path().to_string()),
        RequestTokenError::Other(_) => "its answer is of another kind".to_owned(),
    }
}

/// One request to the provider. No redirects: an answer elsewhere is not the provider's.
fn ask(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let agent = ureq::Agent::config_builder().timeout_global(Some(PROVIDER_TIMEOUT)).max_redirects(0).http_status_as_error(false);
    let agent: ureq::Agent = agent.build().into();
    let (parts, body) = agent.run(request)?.into_parts();
    let mut bytes = Vec::new();
    body.into_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut bytes)?;
    Ok(HttpResponse::from_parts(parts, bytes))
}

fn oidc(state: &AppState) -> Result<Arc<Oidc>, ApiError> {
    state.oidc.clone().ok_or(ApiError::NoRoute)
}

/// Begins a sign-in: sends the browser to the provider.
#[utoipa::path(get, path = "/v1/oidc/login", operation_id = "begin_oidc", tag = "accounts",
    responses((status = 303, description = "To the provider")))]
pub(super) async fn begin_oidc(State(state): State<AppState>) -> Result<Response, ApiError> {
    let oidc = oidc(&state)?;
    let (url, secret) = blocking(move || oidc.begin().map_err(ApiError::Internal)).await?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, url)], [(header::SET_COOKIE, state_cookie(&secret, SIGN_IN_TIME, &state))])
        .into_response())
}

/// What the provider sends back.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct CallbackParams {
    /// To be exchanged for a token.
    pub code: Option<String>,
    /// Of the sign-in.
    pub state: Option<String>,
}

/// Ends a sign-in: the browser comes back from the provider, and has a session.
#[utoipa::path(get, path = "/v1/oidc/callback", operation_id = "end_oidc", tag = "accounts", params(CallbackParams),
    responses((status = 303, description = "To the page, with a session")))]
pub(super) async fn end_oidc(
    State(state): State<AppState>,
    headers: HeaderMap,
    ApiQuery(params): ApiQuery<CallbackParams>,
) -> Result<Response, ApiError> {
    let oidc = oidc(&state)?;
    let (Some(code), Some(given)) = (params.code, params.state) else { return Err(ApiError::WrongCredentials) };
    // Another browser's sign-in: somebody would sign this one in under their name.
    if super::who::cookie_named(&headers, STATE_COOKIE) != Some(given.as_str()) {
        return Err(ApiError::WrongCredentials);
    }
    let pending = oidc.take(&given).ok_or(ApiError::WrongCredentials)?;
    let asked = Arc::clone(&oidc);
    let claims = blocking(move || Ok(asked.claims(code, pending))).await?;
    let claims = claims.map_err(|error| {
        tracing::warn!(error = format!("{error:#}"), "a sign-in by OpenID Connect failed");
        ApiError::WrongCredentials
    })?;
    let register = state.register()?;
    let name = user_of(register, &oidc.settings, &claims).await?;
    let value = register.begin_session(&name).await?;
    let who = Who::of(register.people().by_session(&value, now_ms()).ok_or(ApiError::WrongCredentials)?);
    state.note(&who, "session.begin", &name, "oidc").await;
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie(&value, SESSION_SECONDS, state.secure));
    response.headers_mut().append(header::SET_COOKIE, state_cookie("", Duration::ZERO, &state));
    Ok(response)
}

/// The user whom the claims name: made at the first sign-in.
async fn user_of(register: &Register, settings: &OidcSettings, claims: &Value) -> Result<String, ApiError> {
    let subject = claims["sub"].as_str().ok_or(ApiError::WrongCredentials)?;
    let role = settings.role(claims);
    if let Some(name) = register.user_of_subject(&settings.issuer, subject).await? {
        let known = register.people().user(&name).cloned().ok_or(ApiError::WrongCredentials)?;
        if let Some(role) = role.filter(|role| *role != known.role) {
            register.change_user(&name, |user| (user.role, user.authority) = (role, authority_of(role))).await?;
            register.audit(&name, "user.change", &name, role.as_str()).await?;
        }
        return if known.is_active() { Ok(name) } else { Err(ApiError::WrongCredentials) };
    }
    let name = settings.name(claims).ok_or(ApiError::WrongCredentials)?;
    let mut user = User::new(&name, role.unwrap_or(Role::Agent));
    if let Some(display) = claims["name"].as_str() {
        user.display = display.chars().filter(|c| !c.is_control()).take(crate::register::MAX_NAME_CHARS).collect();
    }
    if !register.add_user(&user).await? {
        return Err(ApiError::NameTaken(name));
    }
    register.bind_subject(&settings.issuer, subject, &name).await?;
    register.audit(&name, "user.create", &name, "oidc").await?;
    Ok(name)
}

fn state_cookie(value: &str, age: Duration, state: &AppState) -> HeaderValue {
    let secure = if state.secure { "; Secure" } else { "" };
    let text = format!("{STATE_COOKIE}={value}; Path=/v1/oidc; HttpOnly; SameSite=Lax; Max-Age={}{secure}", age.as_secs());
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
