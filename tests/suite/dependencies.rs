//! What the program is made of: permissive licences and crates.io alone, as deny.toml says; `scripts/deny` looks closer.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The packages of the lock file, for all systems and with all features.
fn packages() -> Vec<Value> {
    let arguments = ["metadata", "--format-version=1", "--locked", "--all-features"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array_mut().unwrap().drain(..).collect()
}

fn allowed() -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml")).unwrap();
    let deny: toml::Table = text.parse().unwrap();
    deny["licenses"]["allow"].as_array().unwrap().iter().map(|licence| licence.as_str().unwrap().to_owned()).collect()
}

/// Whether an expression of SPDX, or one with `/` for `OR` as older crates have it, can be met by what is allowed.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "+WITH+");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = any(&words, &mut at, allowed);
    assert_eq!(at, words.len(), "{expression} is no expression");
    met
}

fn any(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = all(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all(words, at, allowed);
    }
    met
}

fn all(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let word = words[*at];
    *at += 1;
    if word == "(" {
        let met = any(words, at, allowed);
        assert_eq!(words.get(*at), Some(&")"));
        *at += 1;
        return met;
    }
    allowed.contains(&word.replace("+WITH+", " WITH "))
}

#[test]
fn every_crate_is_of_crates_io_and_under_a_permissive_licence() {
    let allowed = allowed();
    assert!(allowed.contains("MIT") && !allowed.iter().any(|licence| licence.contains("GPL")));
    let packages = packages();
    assert!(packages.len() > 100);
    for package in packages {
        let name = &package["name"];
        let source = package["source"].as_str().unwrap_or("here");
        assert!(source == "registry+https://github.com/rust-lang/crates.io-index" || name == "huashu", "{name} comes from {source}");
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(is_met(licence, &allowed), "{name} is under {licence}");
    }
}

#[test]
fn the_lock_file_of_the_fuzz_targets_knows_what_the_program_is_made_of() {
    let read = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap().parse::<toml::Table>().unwrap();
    let (manifest, lock) = (read("Cargo.toml"), read("fuzz/Cargo.lock"));
    let product = lock["package"].as_array().unwrap().iter().find(|package| package["name"].as_str() == Some("huashu")).unwrap();
    // A version stands behind a name that several have.
    let locked = product["dependencies"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().split(' ').next().unwrap());
    let mut locked: Vec<&str> = locked.collect();
    let is_always = |wanted: &toml::Value| wanted.get("optional").is_none();
    let wanted = manifest["dependencies"].as_table().unwrap().iter().filter(|(_, wanted)| is_always(wanted));
    let mut wanted: Vec<&str> = wanted.map(|(name, _)| name.as_str()).collect();
    locked.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(locked, wanted, "cargo metadata --manifest-path fuzz/Cargo.toml --format-version 1 puts it right");
}

#[test]
fn expressions_of_licences_are_read() {
    let allowed = allowed();
    let rows = [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-2.0", true),
        ("MIT AND GPL-2.0", false),
        ("MIT/Apache-2.0", true),
        ("(MIT OR GPL-2.0) AND ISC", true),
        ("(MIT AND GPL-2.0) OR AGPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0 WITH Classpath-exception-2.0", false),
        ("none", false),
    ];
    for (expression, expected) in rows {
        assert_eq!(is_met(expression, &allowed), expected, "{expression}");
    }
}
