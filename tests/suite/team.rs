//! A service with accounts: two shops, an entry of each and one of both, and a person of each role.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use huashu::access::{Role, Scope};
use huashu::http::{AppState, router};
use huashu::journal::Journal;
use huashu::live::Live;
use huashu::register::{Register, User};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceExt;

/// Everybody who asks, in the order of the columns of `docs/permissions.md`; 乙客服 is of the other shop.
pub(crate) const PEOPLE: [(&str, Role); 6] = [
    ("乙客服", Role::Agent),
    ("小李", Role::Agent),
    ("质检", Role::Qa),
    ("培训", Role::Trainer),
    ("主管", Role::Lead),
    ("管理员", Role::Admin),
];

/// The entries: path, front matter, text.
const ENTRIES: [(&str, &str, &str); 3] = [
    ("物流/发货时间.md", "title: 发货时间\nquestions: [什么时候发货]\ncategory: 物流/发货\nshortcut: fhsj", "48 小时内发货。"),
    (
        "售后/甲店退货.md",
        "title: 甲店退货地址\nquestions: [退货寄到哪里]\ncategory: 售后/退货\nshops: [甲店]\nshortcut: jth\nnext: [乙店退货]",
        "寄到甲店仓库。![地图](../图/甲.png)",
    ),
    (
        "售后/乙店退货.md",
        "title: 乙店退货地址\nquestions: [退货寄到哪里呀]\ncategory: 售后/退货\nshops: [乙店]\nshortcut: yth\nnext: [甲店退货]",
        "寄到乙店仓库。",
    ),
];

/// The service and what it stands on.
pub(crate) struct Team {
    pub(crate) router: Router,
    pub(crate) register: Register,
    pub(crate) kb: PathBuf,
    dir: tempfile::TempDir,
}

impl Team {
    pub(crate) async fn new() -> Team {
        let dir = tempfile::tempdir().unwrap();
        let kb = dir.path().join("kb");
        for (path, front, text) in ENTRIES {
            let path = kb.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("---\n{front}\n---\n照实说。\n\n> {text}\n")).unwrap();
        }
        fs::create_dir_all(kb.join("shops")).unwrap();
        fs::create_dir_all(kb.join("图")).unwrap();
        fs::write(kb.join("图/甲.png"), "png").unwrap();
        for shop in ["甲店", "乙店"] {
            fs::write(kb.join(format!("shops/{shop}.yaml")), format!("name: {shop}\n")).unwrap();
        }
        let data = dir.path().join("data");
        let register = Register::open(&data).await.unwrap();
        for (name, role) in PEOPLE {
            let shops = |shop: &str| Scope { shops: Some(vec![shop.to_owned()]), categories: None };
            let scope = match name {
                "乙客服" => shops("乙店"),
                "小李" => shops("甲店"),
                _ => Scope::default(),
            };
            assert!(register.add_user(&User { scope, ..User::new(name, role) }).await.unwrap());
        }
        Team::serve(dir, kb, register)
    }

    /// The same people, over the folder as it is now.
    pub(crate) fn over(team: Team) -> Team {
        Team::serve(team.dir, team.kb, team.register)
    }

    fn serve(dir: tempfile::TempDir, kb: PathBuf, register: Register) -> Team {
        let (journal, _) = Journal::open(&dir.path().join("data")).unwrap();
        let live = Arc::new(Live::in_memory(&kb).unwrap());
        let state = AppState::new(live).with_journal(Arc::new(journal)).with_register(register.clone());
        Team { router: router(state), register, kb, dir }
    }

    /// A request by somebody who is signed in; by nobody where there is no name. The body is not read.
    pub(crate) async fn ask(&self, name: Option<&str>, method: &str, path: &str, body: Option<&str>) -> Response {
        let mut request = Request::builder().method(method).uri(encoded(path));
        if let Some(name) = name {
            let session = self.register.begin_session(name).await.unwrap();
            request = request.header(header::COOKIE, format!("a=b; huashu_session={session}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_owned()));
        self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()
    }

    /// The same with its answer as JSON.
    pub(crate) async fn json(&self, name: Option<&str>, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let body = (!body.is_null()).then(|| body.to_string());
        read(self.ask(name, method, path, body.as_deref()).await).await
    }
}

/// Status and JSON; null where there is none.
pub(crate) async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Chinese and spaces in an address, as browsers send them.
pub(crate) fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic();
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
