//! `/v1/users`: who there is, what they may do and see.

use super::error::ApiError;
use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::who::Who;
use super::{AppState, DEFAULT_PAGE, page_limit};
use crate::access::{Right, Role, Scope};
use crate::entry::Authority;
use crate::journal::now_ms;
use crate::register::{Lent, People, User, UserState, fold, read_name};
use crate::secret;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Longest display name, in characters.
const MAX_DISPLAY_CHARS: usize = 60;

/// Most shops or categories of a scope.
const MAX_SCOPE_ITEMS: usize = 200;

/// Longest time for which authority is lent: what is needed longer is given.
const MAX_LENT_MS: i64 = 31 * 24 * 60 * 60 * 1000;

/// A user.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserJson {
    /// Never changes.
    pub name: String,
    /// For people.
    pub display: String,
    /// agent, qa, trainer, lead or admin.
    pub role: String,
    /// 一线, 组长 or 主管.
    pub authority: String,
    /// What they may promise for a time; absent: nothing more.
    pub lent: Option<LentJson>,
    /// Shops that exist for them; absent: all.
    pub shops: Option<Vec<String>>,
    /// Categories that exist for them, each with all below it; absent: all.
    pub categories: Option<Vec<String>>,
    /// active or disabled.
    pub state: String,
    /// Whether they can sign in by password.
    pub has_password: bool,
    /// In milliseconds since 1970.
    pub created_at: i64,
    /// In milliseconds since 1970, to the minute; absent: never.
    pub last_seen_at: Option<i64>,
}

/// Authority for a time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LentJson {
    /// 一线, 组长 or 主管.
    pub authority: String,
    /// In milliseconds since 1970, exclusive.
    pub until: i64,
    /// By whom.
    pub by: String,
}

impl UserJson {
    /// Shapes a user.
    pub fn new(user: &User, people: &People) -> UserJson {
        let lent = user.lent.as_ref().filter(|lent| now_ms() < lent.until);
        UserJson {
            name: user.name.clone(),
            display: user.display.clone(),
            role: user.role.as_str().to_owned(),
            authority: user.authority.as_str().to_owned(),
            lent: lent.map(|lent| LentJson { authority: lent.authority.as_str().to_owned(), until: lent.until, by: lent.by.clone() }),
            shops: user.scope.shops.clone(),
            categories: user.scope.categories.clone(),
            state: user.state.as_str().to_owned(),
            has_password: user.password.is_some(),
            created_at: user.created_at,
            last_seen_at: people.last_seen(&fold(&user.name)).or(user.last_seen_at),
        }
    }
}

/// Which users.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct UsersParams {
    /// At most 200; 50 where absent.
    pub limit: Option<usize>,
    /// Users to skip.
    pub offset: usize,
}

/// One page of users.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsersResponse {
    /// By name.
    pub users: Vec<UserJson>,
    /// How many there are on all pages.
    pub total: usize,
    /// What the next page begins with; absent on the last.
    pub next_offset: Option<usize>,
}

/// Lists the users: all for admins, for leads those whose scope lies within theirs.
#[utoipa::path(get, path = "/v1/users", operation_id = "list_users", tag = "accounts", params(UsersParams),
    responses((status = 200, body = UsersResponse)), security(("bearer" = [])))]
pub(super) async fn list_users(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<UsersParams>,
) -> Result<Json<UsersResponse>, ApiError> {
    who.require(Right::Notify)?;
    let limit = page_limit(params.limit.unwrap_or(DEFAULT_PAGE))?;
    let people = state.register()?.people();
    let mut users = people.users();
    users.retain(|user| who.scope.covers(&user.scope));
    let end = params.offset.saturating_add(limit);
    Ok(Json(UsersResponse {
        users: users.iter().skip(params.offset).take(limit).map(|user| UserJson::new(user, &people)).collect(),
        total: users.len(),
        next_offset: (end < users.len()).then_some(end),
    }))
}

/// A new user.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewUser {
    /// At most 40 characters without white space; signs what they do, never changes.
    #[schema(example = "小李")]
    pub name: String,
    /// For people; the name where absent.
    pub display: Option<String>,
    /// agent, qa, trainer, lead or admin.
    #[schema(example = "agent")]
    pub role: String,
    /// 一线, 组长 or 主管; that of the role where absent.
    pub authority: Option<String>,
    /// Shops that exist for them; absent: all.
    pub shops: Option<Vec<String>>,
    /// Categories that exist for them; absent: all.
    pub categories: Option<Vec<String>>,
    /// At least 8 characters; made and told once where absent.
    pub password: Option<String>,
}

/// A user that was made.
#[derive(Clone, Serialize, ToSchema)]
pub struct NewUserResponse {
    /// As kept.
    pub user: UserJson,
    /// The password that was made; told this once. Absent: the request's own.
    pub password: Option<String>,
}

/// Makes a user.
#[utoipa::path(post, path = "/v1/users", operation_id = "create_user", tag = "accounts", request_body = NewUser,
    responses((status = 201, body = NewUserResponse)), security(("bearer" = [])))]
pub(super) async fn create_user(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<NewUser>,
) -> Result<(StatusCode, Json<NewUserResponse>), ApiError> {
    who.require_unscoped(Right::Administer)?;
    let name = read_name(&request.name).ok_or_else(|| {
        let what = "a name has at most 40 characters, no white space, slash or quote, and is none that the program signs with";
        ApiError::BadValue(format!("{what}; found {:?}", request.name))
    })?;
    let mut user = User::new(&name, read_role(&request.role)?);
    let change = UserChange {
        display: request.display,
        authority: request.authority,
        shops: Some(request.shops),
        categories: Some(request.categories),
        ..UserChange::default()
    };
    change.read()?.apply(&mut user);
    let (hash, made) = password(&state, request.password).await?;
    user.password = Some(hash);
    let register = state.register()?;
    if !register.add_user(&user).await? {
        return Err(ApiError::NameTaken(name));
    }
    state.note(&who, "user.create", &user.name, user.role.as_str()).await;
    let people = register.people();
    Ok((StatusCode::CREATED, Json(NewUserResponse { user: UserJson::new(&user, &people), password: made })))
}

/// What to change of a user; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct UserChange {
    /// For people.
    pub display: Option<String>,
    /// agent, qa, trainer, lead or admin.
    pub role: Option<String>,
    /// 一线, 组长 or 主管.
    pub authority: Option<String>,
    /// Shops that exist for them; null: all.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub shops: Option<Option<Vec<String>>>,
    /// Categories that exist for them; null: all.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub categories: Option<Option<Vec<String>>>,
    /// active or disabled: who is disabled is out at once.
    pub state: Option<String>,
}

/// Tells `null` from absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<String>>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// A change whose words are understood.
#[derive(Debug, Clone)]
struct ReadChange {
    display: Option<String>,
    role: Option<Role>,
    authority: Option<Authority>,
    shops: Option<Option<Vec<String>>>,
    categories: Option<Option<Vec<String>>>,
    state: Option<UserState>,
}

impl UserChange {
    fn read(self) -> Result<ReadChange, ApiError> {
        let display = self.display.map(|display| display.trim().to_owned()).filter(|display| !display.is_empty());
        if display.as_ref().is_some_and(|display| display.chars().count() > MAX_DISPLAY_CHARS || display.contains(char::is_control)) {
            return Err(ApiError::BadValue(format!("display has at most {MAX_DISPLAY_CHARS} characters")));
        }
        let state = |state: String| {
            UserState::parse(&state).ok_or_else(|| ApiError::BadValue(format!("state is active or disabled; found {state:?}")))
        };
        let scope = read_scope(self.shops.clone().flatten(), self.categories.clone().flatten())?;
        Ok(ReadChange {
            display,
            role: self.role.as_deref().map(read_role).transpose()?,
            authority: self.authority.as_deref().map(read_authority).transpose()?,
            shops: self.shops.map(|_| scope.shops),
            categories: self.categories.map(|_| scope.categories),
            state: self.state.map(state).transpose()?,
        })
    }
}

impl ReadChange {
    fn apply(self, user: &mut User) {
        user.display = self.display.unwrap_or_else(|| user.display.clone());
        user.role = self.role.unwrap_or(user.role);
        user.authority = self.authority.unwrap_or(user.authority);
        user.scope.shops = self.shops.unwrap_or_else(|| user.scope.shops.clone());
        user.scope.categories = self.categories.unwrap_or_else(|| user.scope.categories.clone());
        user.state = self.state.unwrap_or(user.state);
    }
}

/// Changes a user.
#[utoipa::path(put, path = "/v1/users/{name}", operation_id = "change_user", tag = "accounts",
    params(("name" = String, Path, description = "Of the user, compared case-folded")), request_body = UserChange,
    responses((status = 200, body = UserJson)), security(("bearer" = [])))]
pub(super) async fn change_user(
    State(state): State<AppState>,
    who: Who,
    ApiPath(name): ApiPath<String>,
    ApiJson(request): ApiJson<UserChange>,
) -> Result<Json<UserJson>, ApiError> {
    who.require_unscoped(Right::Administer)?;
    let change = request.read()?;
    let register = state.register()?;
    let people = register.people();
    let user = people.user(&name).ok_or_else(|| ApiError::NoUser(name.clone()))?;
    let mut changed = User::clone(user);
    change.clone().apply(&mut changed);
    let stays = changed.role == Role::Admin && changed.is_active() && changed.scope.is_everything();
    if people.is_last_admin(user) && !stays {
        return Err(ApiError::LastAdmin);
    }
    let detail = format!("{} {} {}", changed.role.as_str(), changed.authority.as_str(), changed.state.as_str());
    register.change_user(&name, |user| change.apply(user)).await?;
    state.note(&who, "user.change", &changed.name, &detail).await;
    find(&state, &name).map(Json)
}

/// A password to set.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct SetPassword {
    /// At least 8 characters; made and told once where absent.
    pub password: Option<String>,
}

/// The password that was made.
#[derive(Clone, Serialize, ToSchema)]
pub struct SetPasswordResponse {
    /// Told this once; absent: the request's own.
    pub password: Option<String>,
}

/// Sets a user's password; all their sessions end.
#[utoipa::path(put, path = "/v1/users/{name}/password", operation_id = "set_password", tag = "accounts",
    params(("name" = String, Path, description = "Of the user, compared case-folded")), request_body = SetPassword,
    responses((status = 200, body = SetPasswordResponse)), security(("bearer" = [])))]
pub(super) async fn set_password(
    State(state): State<AppState>,
    who: Who,
    ApiPath(name): ApiPath<String>,
    ApiJson(request): ApiJson<SetPassword>,
) -> Result<Json<SetPasswordResponse>, ApiError> {
    who.require_unscoped(Right::Administer)?;
    let user = find(&state, &name)?;
    let (hash, made) = password(&state, request.password).await?;
    state.register()?.change_user(&name, |user| user.password = Some(hash)).await?;
    state.note(&who, "user.password", &user.name, "").await;
    Ok(Json(SetPasswordResponse { password: made }))
}

/// Authority to lend.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct LendRequest {
    /// 一线, 组长 or 主管; at most one's own.
    pub authority: String,
    /// In milliseconds since 1970; at most 31 days from now.
    pub until: i64,
}

/// Lends a user authority for a time.
#[utoipa::path(put, path = "/v1/users/{name}/authority", operation_id = "lend_authority", tag = "accounts",
    params(("name" = String, Path, description = "Of the user, compared case-folded")), request_body = LendRequest,
    responses((status = 200, body = UserJson)), security(("bearer" = [])))]
pub(super) async fn lend_authority(
    State(state): State<AppState>,
    who: Who,
    ApiPath(name): ApiPath<String>,
    ApiJson(request): ApiJson<LendRequest>,
) -> Result<Json<UserJson>, ApiError> {
    who.require(Right::Notify)?;
    let authority = read_authority(&request.authority)?;
    let now = now_ms();
    if !(now + 1..=now + MAX_LENT_MS).contains(&request.until) {
        return Err(ApiError::BadValue("until is a moment within the next 31 days, in milliseconds".to_owned()));
    }
    let own = who.authority.as_deref().and_then(Authority::parse);
    if own.is_some_and(|own| authority > own) {
        return Err(ApiError::NotYours("lend more authority than you have".to_owned()));
    }
    let user = within(&state, &who, &name)?;
    let by = who.identity.to_string();
    state.register()?.change_user(&name, |user| user.lent = Some(Lent { authority, until: request.until, by })).await?;
    state.note(&who, "user.lend", &user, &format!("{} until {}", authority.as_str(), request.until)).await;
    find(&state, &name).map(Json)
}

/// Takes lent authority back.
#[utoipa::path(delete, path = "/v1/users/{name}/authority", operation_id = "take_authority_back", tag = "accounts",
    params(("name" = String, Path, description = "Of the user, compared case-folded")),
    responses((status = 200, body = UserJson)), security(("bearer" = [])))]
pub(super) async fn take_authority_back(
    State(state): State<AppState>,
    who: Who,
    ApiPath(name): ApiPath<String>,
) -> Result<Json<UserJson>, ApiError> {
    who.require(Right::Notify)?;
    let user = within(&state, &who, &name)?;
    state.register()?.change_user(&name, |user| user.lent = None).await?;
    state.note(&who, "user.take_back", &user, "").await;
    find(&state, &name).map(Json)
}

/// The name of a user of the caller's team.
fn within(state: &AppState, who: &Who, name: &str) -> Result<String, ApiError> {
    let people = state.register()?.people();
    let user = people.user(name).filter(|user| who.scope.covers(&user.scope));
    user.map(|user| user.name.clone()).ok_or_else(|| ApiError::NoUser(name.to_owned()))
}

fn find(state: &AppState, name: &str) -> Result<UserJson, ApiError> {
    let people = state.register()?.people();
    people.user(name).map(|user| UserJson::new(user, &people)).ok_or_else(|| ApiError::NoUser(name.to_owned()))
}

/// The hash of the password given, or of one that is made, and that.
async fn password(state: &AppState, given: Option<String>) -> Result<(String, Option<String>), ApiError> {
    given.as_deref().map(check_password).transpose()?;
    let made = given.is_none().then(secret::new_password);
    let password = given.or_else(|| made.clone()).unwrap_or_default();
    let hash = state.login.hash(move || secret::hash_password(&password)).await?.map_err(ApiError::Internal)?;
    Ok((hash, made))
}

/// Whether a password may be one.
pub(super) fn check_password(password: &str) -> Result<(), ApiError> {
    let fits = password.chars().count() >= secret::MIN_PASSWORD_CHARS && password.len() <= secret::MAX_PASSWORD_BYTES;
    let limits =
        || format!("a password has at least {} characters and at most {} bytes", secret::MIN_PASSWORD_CHARS, secret::MAX_PASSWORD_BYTES);
    if fits { Ok(()) } else { Err(ApiError::BadValue(limits())) }
}

fn read_role(name: &str) -> Result<Role, ApiError> {
    Role::parse(name).ok_or_else(|| ApiError::BadValue(format!("role is one of agent, qa, trainer, lead, admin; found {name:?}")))
}

fn read_authority(name: &str) -> Result<Authority, ApiError> {
    Authority::parse(name).ok_or_else(|| ApiError::BadValue(format!("authority is one of 一线, 组长, 主管; found {name:?}")))
}

/// A scope as it is kept: trimmed, categories without slashes at their ends.
pub(super) fn read_scope(shops: Option<Vec<String>>, categories: Option<Vec<String>>) -> Result<Scope, ApiError> {
    let read = |list: Option<Vec<String>>| {
        let list = list.map(|list| list.iter().map(|item| item.trim().trim_matches('/').to_owned()).collect::<Vec<_>>());
        let fits = |list: &Vec<String>| list.len() <= MAX_SCOPE_ITEMS && list.iter().all(|item| !item.is_empty());
        match list {
            Some(list) if !fits(&list) => {
                Err(ApiError::BadValue(format!("shops and categories are lists of at most {MAX_SCOPE_ITEMS} names, none empty")))
            }
            list => Ok(list),
        }
    };
    Ok(Scope { shops: read(shops)?, categories: read(categories)? })
}
