#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| huashu_fuzz::checks::content(bytes));
