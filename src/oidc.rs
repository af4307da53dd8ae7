//! Sign-in by OpenID Connect: what `huashu.toml` says of the provider, and which role its claims give. Pure; the requests are `http::oidc`'s,
//! behind the feature `oidc`.

use crate::access::Role;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The table `[oidc]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// Address of the provider, as its tokens have it.
    pub issuer: String,
    /// The name of this service there.
    pub client_id: String,
    /// File with the secret; absent: the variable `HUASHU_OIDC_SECRET`, or none where the provider takes public clients.
    pub client_secret_file: Option<PathBuf>,
    /// Address of this service in browsers, without a path: `https://kb.example.com`.
    pub url: String,
    /// Scopes beside `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// Claim that becomes the user's name at the first sign-in.
    #[serde(default = "default_name_claim")]
    pub name_claim: String,
    /// Claim with groups or roles, a text or a list.
    pub role_claim: Option<String>,
    /// Its values → roles. With a claim, the role follows it at each sign-in, agent where no value is known; without one it stays as it is here.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
}

fn default_scopes() -> Vec<String> {
    vec!["profile".to_owned()]
}

fn default_name_claim() -> String {
    "preferred_username".to_owned()
}

impl OidcSettings {
    /// The role that claims give; absent: the claims say nothing of roles here.
    pub fn role(&self, claims: &Value) -> Option<Role> {
        let claim = &claims[self.role_claim.as_ref()?];
        let values: Vec<&str> = match claim {
            Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
            value => value.as_str().into_iter().collect(),
        };
        let roles = values.iter().filter_map(|value| Role::parse(self.roles.get(*value)?));
        Some(roles.max().unwrap_or(Role::Agent))
    }

    /// The name that claims give: the one asked for, else the part of the address before the @, else the subject.
    pub fn name(&self, claims: &Value) -> Option<String> {
        let email = claims["email"].as_str().and_then(|email| email.split('@').next());
        let names = [claims[&self.name_claim].as_str(), email, claims["sub"].as_str()];
        names.into_iter().flatten().find_map(crate::register::read_name)
    }

    /// What is wrong with it, in Chinese.
    ///
    /// # Errors
    /// The sentence.
    pub fn check(&self) -> Result<(), String> {
        if let Some(role) = self.roles.values().find(|role| Role::parse(role).is_none()) {
            return Err(format!("[oidc] 的 roles 里没有 {role:?} 这个角色：应是 agent、qa、trainer、lead 或 admin"));
        }
        if !self.url.starts_with("http://") && !self.url.starts_with("https://") {
            return Err("[oidc] 的 url 应以 https:// 开头，例如 https://kb.example.com".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn claims_give_a_name_and_the_highest_role() {
        let text = "issuer = \"https://id.example\"\nclient_id = \"huashu\"\nurl = \"https://kb.example\"\nrole_claim = \"groups\"\n\
            [roles]\n\"客服组\" = \"agent\"\n\"培训组\" = \"trainer\"\n";
        let settings: OidcSettings = toml::from_str(text).unwrap();
        let check = |claims: Value, name: Option<&str>, role: Role| {
            assert_eq!((settings.name(&claims).as_deref(), settings.role(&claims)), (name, Some(role)), "{claims}");
        };
        check(json!({ "sub": "7", "preferred_username": "小李", "groups": ["客服组", "培训组", "别的"] }), Some("小李"), Role::Trainer);
        check(json!({ "sub": "7", "email": "li@example.com", "groups": "培训组" }), Some("li"), Role::Trainer);
        check(json!({ "sub": "7", "preferred_username": "有 空格" }), Some("7"), Role::Agent);
        check(json!({ "preferred_username": "local" }), None, Role::Agent);
        let without = OidcSettings { role_claim: None, ..settings.clone() };
        assert_eq!(without.role(&json!({ "groups": "培训组" })), None);
        let wrong = OidcSettings { roles: [("a".to_owned(), "boss".to_owned())].into(), ..settings };
        assert!(wrong.check().unwrap_err().contains("boss"));
    }
}
