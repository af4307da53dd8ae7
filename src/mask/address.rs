//! Addresses: neighbouring pieces (省市区县, 路街, 小区, 号栋单元室), of which enough together lead to a door.

use super::{Private, PrivateKind};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A character of a name of a place, or a part of one: what stands before an address in a sentence (寄到, 地址是, 改成) is in no name but these.
const NAME: &str = r"(?:人民|鼓楼|和平|呼和浩特|泰和|仁和|和田|市中|天河|天山|天宁|天心|朝天|天水|天门|月湖|广元|庆元|无为|成都|成华|周至|从化|从江|茂名|大名|那曲|路桥|[\p{Han}&&[^寄送到在是给我的址改成发往去从住换把请你您了吗这那为至收就要省市县区路街镇号栋幢楼室叫名人知和能个元天月年]])";

/// Provinces, and towns whose names end like another kind of place.
const KNOWN: &str = "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古?|广西|西藏|宁夏|新疆|香港|澳门|新乡|景德镇|成都";

/// A number of a door, a house, a floor.
const DOOR: &str = r"(?:[0-9]{1,5}(?:[-—][0-9]{1,5}){0,3}[a-z]?|[a-z]-?[0-9]{0,4}|[一二三四五六七八九十百]{1,4})";

/// Words that end like a place and name none.
const GENERAL: [&str; 14] =
    ["农村", "乡村", "山区", "市区", "地区", "郊区", "城区", "景区", "省市", "城市", "县城", "县市", "不同街道", "附近小区"];

/// What a piece of an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// 省, 市, 区, 县, 镇
    Region,
    /// 路, 街, 村
    Road,
    /// 小区, 大厦, 学校
    Estate,
    /// 栋, 单元, 室: nothing else is counted by them.
    Door,
    /// 号, 楼, 层, 座: days, links and seats too.
    Weak,
}

static PIECES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let region = format!(
        r"(?P<region>(?:{KNOWN})(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?|{NAME}{{1,7}}?(?:自治区|自治州|自治县|开发区|高新区|新区|街道|省|州市|市|区|县|盟|旗|镇|乡))"
    );
    let road = format!(r"(?P<road>{NAME}{{1,8}}?(?:大道|大街|街道|公路|胡同|路|街|巷|村|屯|弄)(?:[东南西北中][路段街])?)");
    let estate = format!(
        r"(?P<estate>{NAME}{{1,8}}?(?:小区|花园|公寓|大厦|广场|家园|花苑|新村|社区|苑|学校|中学|小学|大学|学院|医院|宿舍|工业园|科技园|产业园|园区|公司|工厂|驿站|超市))"
    );
    let door = format!(r"(?P<door>{DOOR}\s?(?:号楼|号院|栋|幢|单元|室|弄|号门|户))");
    let weak = format!(r"(?P<weak>{DOOR}\s?(?:号|楼|层|座|段|组|队|期|房|巷))");
    Regex::new(&format!("{estate}|{road}|{region}|{door}|{weak}|(?P<bare>[0-9]{{1,2}}-(?:[0-9]{{1,2}}-)?[0-9]{{3,4}}|[0-9]{{3,4}})")).ok()
});

/// All addresses.
pub(super) fn find(folded: &str) -> Vec<Private> {
    let Some(regex) = PIECES.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut span = 0..0;
    for captures in regex.captures_iter(folded) {
        let Some(whole) = captures.get(0) else { continue };
        let piece =
            [("region", Piece::Region), ("road", Piece::Road), ("estate", Piece::Estate), ("door", Piece::Door), ("weak", Piece::Weak)]
                .into_iter()
                .find(|(name, _)| captures.name(name).is_some())
                .map(|(_, piece)| piece);
        let piece = piece.filter(|_| !GENERAL.contains(&whole.as_str()));
        let follows = !pieces.is_empty() && is_gap(&folded[span.end..whole.start()]);
        if !follows {
            close(&mut found, &pieces, span.clone());
            pieces.clear();
            span = whole.range();
        }
        match piece {
            Some(piece) => {
                pieces.push(piece);
                span.end = whole.end();
            }
            // A bare number ends an address (…小区3-2-501) and begins none.
            None if follows && folded[span.end..whole.start()].is_empty() && !matches!(pieces[pieces.len() - 1], Piece::Region) => {
                pieces.push(if whole.as_str().contains('-') { Piece::Door } else { Piece::Weak });
                span.end = whole.end();
            }
            None => {
                close(&mut found, &pieces, span.clone());
                pieces.clear();
            }
        }
    }
    close(&mut found, &pieces, span);
    found
}

fn close(found: &mut Vec<Private>, pieces: &[Piece], span: Range<usize>) {
    if leads_to_a_door(pieces) {
        found.push(Private { kind: PrivateKind::Address, span });
    }
}

/// A town or a district alone tells nothing of a person and much of the question (新疆包邮吗); a road or a house does.
fn leads_to_a_door(pieces: &[Piece]) -> bool {
    let count = |piece| pieces.iter().filter(|other| **other == piece).count();
    let (regions, roads, estates, doors, weak) =
        (count(Piece::Region), count(Piece::Road), count(Piece::Estate), count(Piece::Door), count(Piece::Weak));
    regions >= 3
        || (regions >= 1 && roads >= 1)
        || (regions >= 2 && estates >= 1)
        || (regions >= 1 && doors >= 1)
        || (roads >= 1 && doors + weak >= 1)
        || (estates >= 1 && doors >= 1)
        || (estates >= 1 && weak >= 2)
        || doors >= 2
        || (doors >= 1 && weak >= 1)
}

fn is_gap(between: &str) -> bool {
    matches!(between, "" | " " | "," | "、" | "-" | ", " | "  " | "/")
}
