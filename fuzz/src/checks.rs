//! What must hold for any bytes, one function a subject. The fuzz targets call them, and so do the tests of every run, over the kept
//! corpora and what is made of them (`tests/suite/fuzzed.rs`). They panic where something does not hold.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use huashu::answer;
use huashu::entry::Entry;
use huashu::highlight::Marker;
use huashu::http::{AppState, router};
use huashu::lexicon::{self, LexiconFile};
use huashu::live::Live;
use huashu::markdown::edit::{self, Value};
use huashu::markdown::{self, Key};
use huashu::sheets::Format;
use huashu::sheets::import::{self, Options, Outcome};
use huashu::sheets::source::{self, By, Reading};
use huashu::{analysis, link, mask, query, slots};
use std::io::{Cursor, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Inputs beyond it only take time: limits on size have tests of their own.
const MAX_BYTES: usize = 64 * 1024;

/// A library of a few entries, in memory.
static LIVE: LazyLock<(TempDir, Arc<Live>)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder");
    let files = [
        (
            "催发货.md",
            "---\ntitle: 催发货\nquestions: [怎么还没发货, 什么时候发货]\nshortcut: cfh\n---\n催发货时用。\n\n> 亲，订单 {{订单号}} 今天发出。\n",
        ),
        (
            "退货.md",
            "---\ntitle: 退货运费谁出\nquestions: [运费险怎么赔]\n---\n\n> 有运费险的，保险赔给您，{{昵称|亲}}。\n\n> 第二种说法。\n",
        ),
        ("政策.md", "---\ntitle: 七天无理由退货\nkind: policy\n---\n# 期限\n签收后七天内可以退。\n\n# 运费\n买家承担。\n"),
        ("lexicon/synonyms.txt", "运费 邮费\n"),
        ("shops/甲店.yaml", "name: 甲店\nvalues:\n  退货地址: 示例路1号\n"),
    ];
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let live = Arc::new(Live::in_memory(dir.path()).expect("a library"));
    (dir, live)
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));

static ROUTER: LazyLock<Router> = LazyLock::new(|| router(AppState::new(Arc::clone(&LIVE.1)).with_token(TOKEN)));

/// With it every right is there.
const TOKEN: &str = "hs_fuzz";

/// Front matter and Markdown: any bytes are read; problems stand within the text; what is put back as it was changes no byte, and a field
/// that is set says so and leaves the body alone.
pub fn content(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    let facets = &LIVE.1.snapshot().library.lexicon.facets;
    let parsed = markdown::parse("a.md", bytes, facets);
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(parsed.entry.is_none(), "what is no text is no entry");
        return;
    };
    // A lone CR ends a line too.
    let lines = text.bytes().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
    for problem in &parsed.problems {
        assert!(problem.line as usize <= lines, "{problem:?} of {lines} lines");
    }
    if let Ok(body) = edit::body(text) {
        assert_eq!(edit::set_body(text, body).as_deref(), Ok(text), "a body that was read and put back");
    }
    let Some(entry) = parsed.entry else { return };
    let title = |title: &str| edit::set_fields(text, &[(Key::Title, Some(Value::Text(title.to_owned())))]);
    if let Ok(same) = title(&entry.title) {
        let again = markdown::parse("a.md", same.as_bytes(), facets).entry.expect("an entry as before");
        assert_eq!((&again.title, &again.questions, said(&again)), (&entry.title, &entry.questions, said(&entry)));
    }
    let changed = match title("另一个：标题 #1") {
        Ok(changed) => changed,
        // Anchors and tags may stand between a key and its value, and after another byte order mark a document may begin: the editor is
        // named then.
        Err(error) if is_unusual(text) && error.to_string().contains("cannot be edited here") => return,
        Err(error) => panic!("front matter that was read is not edited: {error}"),
    };
    let again = markdown::parse("a.md", changed.as_bytes(), facets).entry.expect("an entry with another title");
    assert_eq!((again.title.as_str(), said(&again)), ("另一个：标题 #1", said(&entry)));
}

/// Whether front matter may stand in it that is read and not edited.
fn is_unusual(text: &str) -> bool {
    text.contains(['&', '!']) || text.strip_prefix('\u{feff}').unwrap_or(text).contains('\u{feff}')
}

/// The replies without their places in the file.
fn said(entry: &Entry) -> Vec<(&str, Vec<&str>)> {
    entry.replies.iter().map(|reply| (reply.label.as_str(), reply.segments.iter().map(|segment| segment.text.as_str()).collect())).collect()
}

/// A question, and a text to look at beside it, after a NUL: tokens are slices of what they come from, highlights lie on characters, and a
/// search answers.
pub fn question(bytes: &[u8]) {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_BYTES / 8)]).into_owned();
    let (asked, beside) = text.split_once('\0').unwrap_or((&text, &text));
    let snapshot = LIVE.1.snapshot();
    let folded = analysis::fold(asked);
    for token in snapshot.analyzer.words(&folded.text).into_iter().chain(analysis::grams(&folded.text)) {
        assert_eq!(folded.text.get(token.start..token.end()), Some(token.term));
        is_within(asked, &folded.original(token.start..token.end()));
    }
    let messages: Vec<String> = asked.split('\n').map(str::to_owned).collect();
    let query = query::read(&messages, &snapshot.library.lexicon, &snapshot.analyzer);
    let _ = query::read_as_message(&messages, &snapshot.library.lexicon, &snapshot.analyzer);
    let marker = Marker::new(&query);
    for marked in [marker.mark(beside), marker.snippet(beside)] {
        let mut end = 0;
        for span in &marked.spans {
            is_within(&marked.text, span);
            assert!(span.start >= end && !span.is_empty(), "{marked:?}");
            end = span.end;
        }
        let whole: String = marked.pieces().map(|(piece, _)| piece).collect();
        assert_eq!(whole, marked.text);
    }
    for private in mask::find(beside) {
        is_within(beside, &private.span);
    }
    let _ = mask::mask(beside);
    link::find(beside).for_each(|span| is_within(beside, &span));
    slots::find(beside).slots.iter().for_each(|slot| is_within(beside, &slot.span));
    let _ = slots::fill(beside, |_| Some("值"));
    let _ = answer::answer(&snapshot, &answer::Request::new(asked)).expect("a search answers");
}

fn is_within(text: &str, span: &Range<usize>) {
    assert!(text.get(span.clone()).is_some(), "{span:?} of {text:?}");
}

/// A table of any kind (the first byte says which) becomes rows or an error, and every row a file that loads, within the library.
pub fn table(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    let (format, bytes) = match kind % 6 {
        0 => (None, bytes.to_vec()),
        1 => (Some(Format::Csv), bytes.to_vec()),
        2 => (Some(Format::Jsonl), bytes.to_vec()),
        3 => (Some(Format::Xlsx), bytes.to_vec()),
        _ => (Some(Format::Xlsx), workbook(bytes)),
    };
    let by = if kind / 6 % 2 == 0 { By::Anyone } else { By::Us };
    let Ok(read) = source::read(&bytes, &Reading { format, by, ..Reading::default() }) else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let options = Options { by_name: read.platform.is_some(), ..Options::default() };
    let Ok(plan) = import::plan(&read.table, &dir.path().join("kb"), options, |_, _| {}) else { return };
    let written = plan.rows.iter().filter(|row| matches!(row.outcome, Outcome::Created)).count();
    assert!(written <= plan.rows.len());
    for file in plan.files() {
        let path = Path::new(&file.path);
        assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))), "{:?}", file.path);
        let parsed = markdown::parse(&file.path, &file.bytes, &LIVE.1.snapshot().library.lexicon.facets);
        assert!(parsed.entry.is_some(), "{:?} of {}", parsed.problems, String::from_utf8_lossy(&file.bytes));
    }
}

/// A workbook with the given sheet and, after a NUL, the given shared strings: a mutated zip hardly ever opens.
fn workbook(bytes: &[u8]) -> Vec<u8> {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (sheet, strings) = (parts.next().unwrap_or_default(), parts.next().unwrap_or(b"<sst/>"));
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let list = format!(
        r#"<Relationships xmlns="{package}"><Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{relations}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
    );
    let book = format!(r#"<workbook xmlns:r="{relations}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"#);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let files: [(&str, &[u8]); 4] = [
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", list.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
    ];
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(name, options).expect("in memory");
        zip.write_all(bytes).expect("in memory");
    }
    zip.finish().expect("in memory").into_inner()
}

/// A file of rules, or by an odd first byte one regular expression; after a NUL a text. Findings lie on characters, and no match is lost
/// by the filter before the expressions.
pub fn banned(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let input = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_BYTES / 16)]).into_owned();
    let (rules, text) = input.split_once('\0').unwrap_or((&input, "加微信"));
    let is_pattern = kind % 2 == 1;
    let yaml = if is_pattern {
        let quoted = serde_json::Value::from(rules);
        format!("replace: true\nrules:\n- {{id: a, class: b, why: c, severity: block, patterns: [{quoted}]}}\n")
    } else {
        rules.to_owned()
    };
    let file = LexiconFile { path: "lexicon/banned.yaml".to_owned(), bytes: yaml.into_bytes() };
    let (lexicon, problems) = lexicon::load(&[file]);
    let found = lexicon.banned.find(text, None);
    for finding in &found {
        is_within(text, &finding.span);
        assert!(finding.rule < lexicon.banned.rules.len());
    }
    let folded = analysis::fold(text);
    let pattern = regex::RegexBuilder::new(rules).case_insensitive(true).size_limit(lexicon::banned::MAX_PATTERN_BYTES).build();
    if let Ok(pattern) = pattern
        && is_pattern
        && problems.is_empty()
        && pattern.find_iter(&folded.text).any(|hit| !hit.is_empty())
    {
        assert!(!found.is_empty(), "{rules:?} matches {text:?}");
    }
}

/// What reads and writes nothing; the first byte chooses.
const ROUTES: [&str; 10] = [
    "/v1/search",
    "/v1/check",
    "/v1/mask",
    "/v1/browse",
    "/v1/preview",
    "/v1/entries/%E5%82%AC%E5%8F%91%E8%B4%A7/render",
    "/v1/merge",
    "/v1/lexicon/banned.yaml/trial",
    "/v1/lexicon/synonyms.txt/trial",
    "/v1/events",
];

/// A body of the API: it is answered, by JSON, and never with an error of the server's own but that something is switched off here.
pub fn json(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let route = ROUTES[*kind as usize % ROUTES.len()];
    let request = Request::post(route)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .body(Body::from(bytes.to_vec()))
        .expect("a request");
    let (status, body) = RUNTIME.block_on(async {
        let response = ROUTER.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        (status, axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body"))
    });
    let answer: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let is_off = matches!(answer["code"].as_str(), Some("no_journal" | "no_register"));
    assert!(!status.is_server_error() || is_off, "{route}: {answer}");
}
