//! `user`, `token`: who there is and who may what, without a server or beside one: a running one notices within a second.

use super::Verdict;
use super::place::Place;
use super::screen::{Paint, Screen, plain};
use crate::access::{Role, Scope};
use crate::entry::Authority;
use crate::http::{TokenJson, UserJson};
use crate::journal::now_ms;
use crate::register::{MAX_NAME_CHARS, Register, Token, User, UserState, authority_of, read_name};
use crate::secret;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use std::io::BufRead;
use std::sync::Arc;

/// Who the audit list names for what is done here.
const SIGNED: &str = "cli";

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// 管理账号
#[derive(Debug, Args)]
#[command(override_usage = "huashu user <命令>", subcommand_help_heading = "命令", disable_help_subcommand = true)]
#[command(after_help = "角色：agent（客服）、qa（质检）、trainer（培训）、lead（主管）、admin（管理员）。
密码只显示这一次；正在运行的 huashu serve 一秒内生效，不用重启。

例子：
  huashu user add 老板 --role admin
  huashu user add 小李 --shop 旗舰店
  huashu user role 小李 培训
  huashu user disable 小李")]
pub(super) struct UserOptions {
    #[command(subcommand)]
    action: UserAction,
}

#[derive(Debug, Subcommand)]
enum UserAction {
    /// 新建账号
    #[command(override_usage = "huashu user add [选项] <NAME>")]
    Add(AddOptions),
    /// 列出账号
    #[command(override_usage = "huashu user list")]
    List,
    /// 换角色；权限等级跟着角色变，除非用 --authority 指定
    #[command(override_usage = "huashu user role [选项] <NAME> <ROLE>")]
    Role(RoleOptions),
    /// 停用账号：登录和令牌立即失效
    #[command(override_usage = "huashu user disable <NAME>")]
    Disable(NameOptions),
    /// 重新启用账号
    #[command(override_usage = "huashu user enable <NAME>")]
    Enable(NameOptions),
    /// 设新密码，已有的登录立即失效
    #[command(override_usage = "huashu user password [选项] <NAME>")]
    Password(PasswordOptions),
}

#[derive(Debug, Args)]
#[command(next_help_heading = "选项")]
struct AddOptions {
    /// 账号名，至多 40 个字，不含空格和斜杠；以后不能改
    #[arg(value_name = "NAME", required = true, help_heading = "参数", value_parser = name)]
    name: String,
    /// 角色（默认 agent）
    #[arg(long, value_name = "ROLE", value_parser = role, default_value = "agent", hide_default_value = true)]
    role: Role,
    /// 显示的名字（默认同账号名）
    #[arg(long, value_name = "TEXT")]
    display: Option<String>,
    /// 权限等级：一线、组长或主管（默认按角色）
    #[arg(long, value_name = "LEVEL", value_parser = authority)]
    authority: Option<Authority>,
    /// 只能看到这个店铺；可以给几个
    #[arg(long = "shop", value_name = "ID")]
    shops: Vec<String>,
    /// 只能看到这个分类；可以给几个
    #[arg(long = "category", value_name = "PATH")]
    categories: Vec<String>,
    /// 从标准输入读密码（默认生成一个）
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "选项")]
struct RoleOptions {
    /// 账号名
    #[arg(value_name = "NAME", required = true, help_heading = "参数")]
    name: String,
    /// 新角色
    #[arg(value_name = "ROLE", required = true, help_heading = "参数", value_parser = role)]
    role: Role,
    /// 权限等级：一线、组长或主管
    #[arg(long, value_name = "LEVEL", value_parser = authority)]
    authority: Option<Authority>,
}

#[derive(Debug, Args)]
struct NameOptions {
    /// 账号名
    #[arg(value_name = "NAME", required = true, help_heading = "参数")]
    name: String,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "选项")]
struct PasswordOptions {
    /// 账号名
    #[arg(value_name = "NAME", required = true, help_heading = "参数")]
    name: String,
    /// 从标准输入读密码（默认生成一个）
    #[arg(long)]
    password_stdin: bool,
}

/// 管理令牌：程序和浏览器扩展用它代表一个账号
#[derive(Debug, Args)]
#[command(override_usage = "huashu token <命令>", subcommand_help_heading = "命令", disable_help_subcommand = true)]
#[command(after_help = "例子：
  huashu token add 小李 --label 浏览器扩展
  huashu token add 机器人 --label 售后机器人 --shop 旗舰店 --days 90
  huashu token revoke 01a202ae-3957-7745-9746-d81077b60000")]
pub(super) struct TokenOptions {
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Debug, Subcommand)]
enum TokenAction {
    /// 新建令牌，只显示这一次
    #[command(override_usage = "huashu token add [选项] <NAME>")]
    Add(NewTokenOptions),
    /// 列出令牌
    #[command(override_usage = "huashu token list [NAME]")]
    List(ListTokensOptions),
    /// 吊销令牌，立即失效
    #[command(override_usage = "huashu token revoke <ID>")]
    Revoke(RevokeOptions),
}

#[derive(Debug, Args)]
#[command(next_help_heading = "选项")]
struct NewTokenOptions {
    /// 账号名
    #[arg(value_name = "NAME", required = true, help_heading = "参数")]
    name: String,
    /// 用在哪里，给人看
    #[arg(long, value_name = "TEXT", required = true)]
    label: String,
    /// 几天后失效（默认不失效）
    #[arg(long, value_name = "N", value_parser = days)]
    days: Option<usize>,
    /// 只能看到这个店铺；可以给几个
    #[arg(long = "shop", value_name = "ID")]
    shops: Vec<String>,
    /// 只能看到这个分类；可以给几个
    #[arg(long = "category", value_name = "PATH")]
    categories: Vec<String>,
}

#[derive(Debug, Args)]
struct ListTokensOptions {
    /// 只看这个账号的
    #[arg(value_name = "NAME", help_heading = "参数")]
    name: Option<String>,
}

#[derive(Debug, Args)]
struct RevokeOptions {
    /// 令牌的编号，见 list
    #[arg(value_name = "ID", required = true, help_heading = "参数")]
    id: String,
}

fn name(text: &str) -> Result<String, String> {
    read_name(text)
        .ok_or_else(|| format!("账号名至多 {MAX_NAME_CHARS} 个字，不含空格、斜杠和引号，也不能是 local、file、cli 等程序自用的名字"))
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "应是 agent、qa、trainer、lead 或 admin".to_owned())
}

fn authority(text: &str) -> Result<Authority, String> {
    Authority::parse(text).ok_or_else(|| "应是 一线、组长 或 主管".to_owned())
}

fn days(text: &str) -> Result<usize, String> {
    super::whole_number(text, 1, 36_500)
}

pub(super) fn run_user(options: &UserOptions, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    super::runtime()?.block_on(async {
        let register = Register::open(&place.data).await?;
        match &options.action {
            UserAction::Add(options) => add(options, &register, screen).await,
            UserAction::List => list(&register, screen),
            UserAction::Role(options) => change_role(options, &register, screen).await,
            UserAction::Disable(options) => change_state(&options.name, UserState::Disabled, &register, screen).await,
            UserAction::Enable(options) => change_state(&options.name, UserState::Active, &register, screen).await,
            UserAction::Password(options) => change_password(options, &register, screen).await,
        }
    })
}

pub(super) fn run_token(options: &TokenOptions, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    super::runtime()?.block_on(async {
        let register = Register::open(&place.data).await?;
        match &options.action {
            TokenAction::Add(options) => add_token(options, &register, screen).await,
            TokenAction::List(options) => list_tokens(options, &register, screen).await,
            TokenAction::Revoke(options) => revoke(&options.id, &register, screen).await,
        }
    })
}

async fn add(options: &AddOptions, register: &Register, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let (password, made) = password(options.password_stdin)?;
    let authority = options.authority.unwrap_or_else(|| authority_of(options.role));
    let display = options.display.clone().unwrap_or_else(|| options.name.clone());
    let scope = scope(&options.shops, &options.categories);
    let user =
        User { display, authority, scope, password: Some(secret::hash_password(&password)?), ..User::new(&options.name, options.role) };
    let is_first = register.people().is_empty();
    if !register.add_user(&user).await? {
        bail!("已有账号 {}，名字不能重复；停用的账号用 huashu user enable 恢复", options.name);
    }
    register.audit(SIGNED, "user.create", &user.name, user.role.as_str()).await?;
    if screen.json {
        let user = UserJson::new(&user, &register.people());
        screen.json(&serde_json::json!({ "user": user, "password": made.then_some(&password) }))?;
        return Ok(Verdict::Done);
    }
    screen.line(format!("新建了{} {}", user.role.zh(), screen.paint(Paint::Strong, &user.name)))?;
    if made {
        screen.line(format!("密码（只显示这一次）：{}", screen.paint(Paint::Met, &password)))?;
    }
    if is_first {
        screen.line("有了账号以后，搜索也要先登录；浏览器扩展用 huashu token add 的令牌")?;
    }
    Ok(Verdict::Done)
}

fn list(register: &Register, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let people = register.people();
    let users = people.users();
    if screen.json {
        let users: Vec<UserJson> = users.iter().map(|user| UserJson::new(user, &people)).collect();
        screen.json(&serde_json::json!({ "total": users.len(), "users": users }))?;
        return Ok(Verdict::Done);
    }
    if !users.is_empty() {
        let mut table = screen.table(&["账号", "名字", "角色", "权限", "店铺", "分类", "状态"]);
        for user in &users {
            let state = if user.is_active() { screen.paint(Paint::Good, "启用") } else { screen.paint(Paint::Bad, "停用") };
            let authority = user.authority_at(now_ms()).as_str().to_owned();
            let (shops, categories) = (shown(user.scope.shops.as_deref()), shown(user.scope.categories.as_deref()));
            let named = screen.paint(Paint::Strong, &user.name);
            table.add_row([named, plain(&user.display), user.role.zh().to_owned(), authority, shops, categories, state]);
        }
        screen.line(table.trim_fmt())?;
    }
    screen.line(format!("{} 个账号", users.len()))?;
    Ok(Verdict::Done)
}

async fn change_role(options: &RoleOptions, register: &Register, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let user = known(register, &options.name)?;
    if options.role != Role::Admin {
        keep_an_admin(register, &user)?;
    }
    let authority = options.authority.unwrap_or_else(|| authority_of(options.role));
    register.change_user(&user.name, |user| (user.role, user.authority) = (options.role, authority)).await?;
    changed(
        register,
        screen,
        "user.change",
        &user.name,
        options.role.as_str(),
        &format!("现在是{}（{}）", options.role.zh(), authority.as_str()),
    )
    .await
}

async fn change_state(name: &str, state: UserState, register: &Register, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let user = known(register, name)?;
    let (what, is_off) =
        if state == UserState::Disabled { ("停用了，登录和令牌都失效了", true) } else { ("启用了", false) };
    if is_off {
        keep_an_admin(register, &user)?;
    }
    register.change_user(&user.name, |user| user.state = state).await?;
    changed(register, screen, "user.change", &user.name, state.as_str(), what).await
}

async fn change_password(options: &PasswordOptions, register: &Register, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let user = known(register, &options.name)?;
    let (password, made) = password(options.password_stdin)?;
    let hash = secret::hash_password(&password)?;
    register.change_user(&user.name, |user| user.password = Some(hash)).await?;
    register.audit(SIGNED, "user.password", &user.name, "").await?;
    if screen.json {
        screen.json(&serde_json::json!({ "name": user.name, "password": made.then_some(&password) }))?;
    } else if made {
        screen.line(format!("{} 的新密码（只显示这一次）：{}", plain(&user.name), screen.paint(Paint::Met, &password)))?;
    } else {
        screen.line(format!("{} 换了密码", plain(&user.name)))?;
    }
    Ok(Verdict::Done)
}

async fn changed(register: &Register, screen: &mut Screen, action: &str, name: &str, detail: &str, zh: &str) -> anyhow::Result<Verdict> {
    register.audit(SIGNED, action, name, detail).await?;
    if screen.json {
        let people = register.people();
        screen.json(&people.user(name).map(|user| UserJson::new(user, &people)))?;
    } else {
        screen.line(format!("{} {zh}", screen.paint(Paint::Strong, name)))?;
    }
    Ok(Verdict::Done)
}

async fn add_token(options: &NewTokenOptions, register: &Register, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let user = known(register, &options.name)?;
    let end = options.days.and_then(|days| i64::try_from(days).ok()).map(|days| now_ms() + days * DAY_MS);
    let scope = scope(&options.shops, &options.categories);
    let (id, token) = register.add_token(&user.name, options.label.trim(), end, &scope).await?;
    register.audit(SIGNED, "token.create", &id, &user.name).await?;
    if screen.json {
        screen.json(&serde_json::json!({ "id": id, "token": token }))?;
    } else {
        screen.line(format!("{} 的令牌（只显示这一次）：{}", plain(&user.name), screen.paint(Paint::Met, &token)))?;
        screen.line(format!("编号 {id}，吊销时用"))?;
    }
    Ok(Verdict::Done)
}

async fn list_tokens(options: &ListTokensOptions, register: &Register, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let tokens = register.tokens(options.name.as_deref()).await?;
    if screen.json {
        let people = register.people();
        let tokens: Vec<TokenJson> = tokens.iter().map(|token| TokenJson::new(token, &people)).collect();
        screen.json(&serde_json::json!({ "total": tokens.len(), "tokens": tokens }))?;
        return Ok(Verdict::Done);
    }
    if !tokens.is_empty() {
        let mut table = screen.table(&["编号", "账号", "用在哪里", "失效", "店铺", "分类"]);
        for token in &tokens {
            let end = token.expires_at.map_or_else(|| "不失效".to_owned(), day);
            let Token { id, user, label, scope, .. } = token;
            let (shops, categories) = (shown(scope.shops.as_deref()), shown(scope.categories.as_deref()));
            table.add_row([id.clone(), screen.paint(Paint::Strong, user), plain(label), end, shops, categories]);
        }
        screen.line(table.trim_fmt())?;
    }
    screen.line(format!("{} 个令牌", tokens.len()))?;
    Ok(Verdict::Done)
}

async fn revoke(id: &str, register: &Register, screen: &mut Screen) -> anyhow::Result<Verdict> {
    if !register.revoke_token(id).await? {
        bail!("没有编号是 {id} 的令牌；huashu token list 列出所有编号");
    }
    register.audit(SIGNED, "token.revoke", id, "").await?;
    if screen.json {
        screen.json(&serde_json::json!({ "id": id, "revoked": true }))?;
    } else {
        screen.line(format!("吊销了令牌 {id}"))?;
    }
    Ok(Verdict::Done)
}

fn known(register: &Register, name: &str) -> anyhow::Result<Arc<User>> {
    let user = register.people().user(name).cloned();
    user.with_context(|| format!("没有账号 {}；huashu user list 列出所有账号", plain(name)))
}

fn keep_an_admin(register: &Register, user: &User) -> anyhow::Result<()> {
    if register.people().is_last_admin(user) {
        bail!("{} 是最后一个管理员；请先给别人管理员角色", user.name);
    }
    Ok(())
}

/// What is given on standard input, or one that is made; and whether it was.
fn password(from_stdin: bool) -> anyhow::Result<(String, bool)> {
    if !from_stdin {
        return Ok((secret::new_password(), true));
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("标准输入读不出来")?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.chars().count() < secret::MIN_PASSWORD_CHARS || password.len() > secret::MAX_PASSWORD_BYTES {
        bail!("密码至少 {} 个字，至多 {} 字节", secret::MIN_PASSWORD_CHARS, secret::MAX_PASSWORD_BYTES);
    }
    Ok((password, false))
}

/// No shop, no category: everything.
fn scope(shops: &[String], categories: &[String]) -> Scope {
    let list = |list: &[String]| (!list.is_empty()).then(|| list.iter().map(|item| item.trim().trim_matches('/').to_owned()).collect());
    Scope { shops: list(shops), categories: list(categories) }
}

fn shown(list: Option<&[String]>) -> String {
    list.map_or_else(|| "全部".to_owned(), |list| plain(&list.join("、")))
}

fn day(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).map(|at| at.to_zoned(jiff::tz::TimeZone::system()).date().to_string());
    at.unwrap_or_default()
}
