//! Writes a library of a size: `cargo bench --bench generate -- DIR ENTRIES`.

mod common;

use common::generate::Generator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [dir, entries] = arguments.as_slice() else { return Err("usage: cargo bench --bench generate -- DIR ENTRIES".into()) };
    Generator::new().write(dir.as_ref(), entries.parse()?)?;
    Ok(())
}
