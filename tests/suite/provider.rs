//! A small OpenID provider for tests, which answers as it is told to, and remembers every secret that came by it.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// The name of the service at the provider.
pub(crate) const CLIENT: &str = "huashu";

/// What is answered to whom exchanges a code, given the provider and the code: status and body.
pub(crate) type Exchange = fn(&Provider, &str) -> (u16, String);

/// The provider.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) client_secret: String,
    state: Mutex<State>,
}

struct State {
    exchange: Exchange,
    nonce: String,
    secrets: Vec<String>,
}

impl Provider {
    pub(crate) fn start(client_secret: &str) -> Arc<Provider> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State { exchange: |_, _| (500, String::new()), nonce: String::new(), secrets: vec![client_secret.to_owned()] };
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Arc::new(Provider { issuer, client_secret: client_secret.to_owned(), state: Mutex::new(state) });
        let serving = Arc::clone(&provider);
        // It ends with the tests.
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| serving.answer(stream)));
        provider
    }

    /// What comes next: the answer to whom exchanges a code, and the nonce that was asked for.
    pub(crate) fn expect(&self, exchange: Exchange, nonce: &str) {
        let mut state = self.state.lock().unwrap();
        (state.exchange, state.nonce) = (exchange, nonce.to_owned());
    }

    /// A secret that nobody else knows.
    pub(crate) fn secret(&self, name: &str) -> String {
        let secrets = &mut self.state.lock().unwrap().secrets;
        let secret = format!("zebra-{name}-{}", secrets.len());
        secrets.push(secret.clone());
        secret
    }

    /// All that came by.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.state.lock().unwrap().secrets.clone()
    }

    /// A token that says who signs in, signed with a key.
    pub(crate) fn id_token(&self, key: &str, change: impl FnOnce(&mut Value)) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let nonce = self.state.lock().unwrap().nonce.clone();
        let mut claims = json!({ "iss": self.issuer, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 600, "nonce": nonce });
        claims["preferred_username"] = "林培训".into();
        change(&mut claims);
        let signed = format!("{}.{}", base64url(br#"{"alg":"HS256","typ":"JWT"}"#), base64url(claims.to_string().as_bytes()));
        let token = format!("{signed}.{}", base64url(&hmac_sha256(key.as_bytes(), signed.as_bytes())));
        self.state.lock().unwrap().secrets.push(token.clone());
        token
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut first, mut length) = (String::new(), 0);
        reader.read_line(&mut first).unwrap();
        for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => self.state.lock().unwrap().secrets.push(value.trim_start_matches("Basic ").to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (status, body) = match first.split(' ').nth(1).unwrap() {
            "/.well-known/openid-configuration" => (200, self.described()),
            "/keys" => (200, json!({ "keys": [] }).to_string()),
            "/token" => {
                let body = String::from_utf8(body).unwrap();
                let field = |name: &str| body.split('&').find_map(|field| field.strip_prefix(name)).unwrap().to_owned();
                let exchange = {
                    let mut state = self.state.lock().unwrap();
                    state.secrets.push(field("code_verifier="));
                    state.exchange
                };
                exchange(self, &field("code="))
            }
            other => panic!("nobody asks a provider for {other}"),
        };
        let head = format!("HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close", body.len());
        write!(stream, "{head}\r\n\r\n{body}").unwrap();
    }

    fn described(&self) -> String {
        let issuer = &self.issuer;
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/sign-in"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["HS256"],
        })
        .to_string()
    }
}

/// RFC 2104, for keys of at most a block.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let padded = |pad: u8| (0..64).map(|place| key.get(place).unwrap_or(&0) ^ pad).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

/// RFC 4648, without padding.
fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letters = bytes.chunks(3).flat_map(|chunk| {
        let bits = (0..3).fold(0_u32, |bits, place| bits << 8 | u32::from(*chunk.get(place).unwrap_or(&0)));
        (0..=chunk.len()).map(move |place| char::from(LETTERS[(bits >> (18 - 6 * place) & 63) as usize]))
    });
    letters.collect()
}
