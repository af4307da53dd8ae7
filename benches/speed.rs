//! How long the steps take: `cargo bench --bench speed`. Figures are for comparing two builds on one machine, not for a test.

use divan::Bencher;
use huashu::analysis::Analyzer;
use huashu::answer::{Request, answer};
use huashu::index::Indexes;
use huashu::learning::Learned;
use huashu::live::Live;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// Entries of the library that is searched and indexed.
const ENTRIES: usize = 10_000;

const THINGS: [&str; 12] = ["连衣裙", "充电宝", "电饭煲", "牛排", "运动鞋", "台灯", "手机壳", "四件套", "洗面奶", "书包", "冰箱", "耳机"];
const MATTERS: [&str; 12] = [
    "怎么退货",
    "多久发货",
    "能开发票吗",
    "坏了怎么修",
    "尺码怎么选",
    "有没有赠品",
    "可以换颜色吗",
    "什么时候到",
    "降价了补差价",
    "少发了配件",
    "怎么取消订单",
    "运费谁出",
];
const WAYS: [&str; 8] = ["请问", "我想问", "麻烦问下", "昨天买的", "刚收到的", "朋友送的", "直播间拍的", "活动价的"];

/// The text of an entry, from words of the trade, the same for a number in every run.
fn entry(number: usize) -> String {
    let (thing, matter, way) = (THINGS[number % 12], MATTERS[number / 12 % 12], WAYS[number / 144 % 8]);
    format!(
        "---\ntitle: {thing}{matter}（{number}）\nquestions:\n  - {way}{thing}{matter}\n  - {thing}{matter}呢，{way}\ncategory: {thing}/{matter}\n---\n{way}{thing}时用。\n\n> 您好，{thing}{matter}这件事我来帮您处理，编号{number}，请把订单号发给我核对一下。\n"
    )
}

fn library(dir: &Path, entries: usize) {
    for number in 0..entries {
        fs::write(dir.join(format!("e{number}.md")), entry(number)).expect("a temporary folder takes files");
    }
}

#[divan::bench(sample_count = 5)]
fn index_10_000_entries(bencher: Bencher) {
    let dir = TempDir::new().expect("a temporary folder");
    library(dir.path(), ENTRIES);
    let library = huashu::library::load(dir.path(), None).expect("a library");
    let (analyzer, hash) = (Analyzer::new(&library.lexicon), library.lexicon.analysis_hash);
    bencher.bench_local(|| {
        let mut indexes = Indexes::in_memory(hash).expect("indexes");
        indexes.update(&library.entries, &Learned::default(), &analyzer, hash).expect("an update")
    });
}

#[divan::bench(args = ["充电宝坏了怎么修", "你好，我昨天在直播间买的连衣裙今天看降价了，能不能退我差价呀，不行我就退货了，运费谁出", "cdb"])]
fn one_search_of_10_000(bencher: Bencher, question: &str) {
    let dir = TempDir::new().expect("a temporary folder");
    library(dir.path(), ENTRIES);
    let live = Live::in_memory(dir.path()).expect("a library");
    let (snapshot, request) = (live.snapshot(), Request::new(question));
    bencher.bench_local(|| answer(&snapshot, &request).expect("an answer"));
}

#[divan::bench(sample_count = 20)]
fn one_edit_to_visible_of_10_000(bencher: Bencher) {
    let dir = TempDir::new().expect("a temporary folder");
    library(dir.path(), ENTRIES);
    let index = TempDir::new().expect("a temporary folder");
    let (live, _) = Live::open(dir.path(), index.path()).expect("a library");
    let mut round = 0;
    bencher.bench_local(|| {
        round += 1;
        fs::write(dir.path().join("e7.md"), entry(ENTRIES + round)).expect("a temporary folder takes files");
        live.refresh().expect("a refresh");
    });
}
