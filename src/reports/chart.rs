//! Reports as pictures: SVG by plotters, so that they can be pasted into a document. Pure.
//!
//! Labels are text elements with a list of font families, so that whoever shows the picture brings the Chinese font; nothing here measures text.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Families that have Chinese characters, on Linux, Apple and Windows.
const FAMILIES: &str = "Noto Sans CJK SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif";

/// Bars of one picture: what fits a page.
const MAX_BARS: usize = 20;

/// Points of a line: beyond, neighbours fall on one pixel.
const MAX_POINTS: usize = 1_000;

/// Characters of a label; the rest is an ellipsis.
const MAX_LABEL_CHARS: usize = 18;

const WIDTH: i32 = 760;
const BAR_HEIGHT: i32 = 26;
const LABEL_WIDTH: i32 = 260;
const VALUE_WIDTH: i32 = 70;
const HEAD_HEIGHT: i32 = 46;
const LINES_HEIGHT: i32 = 320;

const INK: RGBColor = RGBColor(0x33, 0x38, 0x40);
const QUIET: RGBColor = RGBColor(0x80, 0x86, 0x90);
const RULE: RGBColor = RGBColor(0xE2, 0xE5, 0xEA);
const FIRST: RGBColor = RGBColor(0x2F, 0x6F, 0xD6);
const SECOND: RGBColor = RGBColor(0xD9, 0x7A, 0x2B);

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[error("the picture could not be drawn: {0}")]
pub struct ChartError(String);

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for ChartError {
    fn from(error: DrawingAreaErrorKind<E>) -> ChartError {
        ChartError(error.to_string())
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Horizontal bars, in the order given, the first [`MAX_BARS`].
///
/// # Errors
/// Where plotters fails.
pub fn bars(title: &str, rows: &[(String, f64)]) -> Result<String, ChartError> {
    let rows = &rows[..rows.len().min(MAX_BARS)];
    let height = HEAD_HEIGHT + BAR_HEIGHT * i32::try_from(rows.len().max(1)).unwrap_or(1) + 14;
    draw(title, height, |area| {
        if rows.is_empty() {
            return write(area, "这段时间没有数据", (LABEL_WIDTH, HEAD_HEIGHT + 4), 14, QUIET, HPos::Left);
        }
        let most = rows.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
        for (number, (label, value)) in (0..).zip(rows) {
            let top = HEAD_HEIGHT + BAR_HEIGHT * number;
            let length = pixels(value.max(0.0) / most * f64::from(WIDTH - LABEL_WIDTH - VALUE_WIDTH)).max(1);
            write(area, &short(label), (LABEL_WIDTH - 10, top + 4), 14, INK, HPos::Right)?;
            area.draw(&Rectangle::new([(LABEL_WIDTH, top + 3), (LABEL_WIDTH + length, top + BAR_HEIGHT - 5)], FIRST.filled()))?;
            write(area, &number_text(*value), (LABEL_WIDTH + length + 8, top + 5), 12, QUIET, HPos::Left)?;
        }
        Ok(())
    })
}

/// One or two lines over the same points, which are given as labels; the last [`MAX_POINTS`].
///
/// # Errors
/// Where plotters fails.
pub fn lines(title: &str, labels: &[String], series: &[(&str, Vec<f64>)]) -> Result<String, ChartError> {
    let from = labels.len().saturating_sub(MAX_POINTS);
    let labels = &labels[from..];
    draw(title, LINES_HEIGHT, |area| {
        let (left, right, top, bottom) = (64, WIDTH - 24, HEAD_HEIGHT + 26, LINES_HEIGHT - 40);
        if labels.is_empty() {
            return write(area, "这段时间没有数据", (left, top), 14, QUIET, HPos::Left);
        }
        let most = series.iter().flat_map(|(_, values)| &values[from..]).copied().fold(f64::MIN_POSITIVE, f64::max);
        for quarter in 0..=4 {
            let y = bottom - (bottom - top) * quarter / 4;
            area.draw(&PathElement::new([(left, y), (right, y)], RULE))?;
            write(area, &number_text(most * f64::from(quarter) / 4.0), (left - 8, y - 7), 12, QUIET, HPos::Right)?;
        }
        let last = i32::try_from(labels.len() - 1).unwrap_or(i32::MAX).max(1);
        let x = |number: i32| left + (right - left) * number / last;
        let end = i32::try_from(labels.len() - 1).unwrap_or(0);
        for (number, anchor) in [(0, HPos::Left), (end, HPos::Right)].into_iter().take(labels.len()) {
            let label = labels.get(usize::try_from(number).unwrap_or(0)).map_or("", String::as_str);
            write(area, label, (x(number), bottom + 10), 12, QUIET, anchor)?;
        }
        for (number, ((name, values), colour)) in (0..).zip(series.iter().zip([FIRST, SECOND])) {
            let points: Vec<(i32, i32)> =
                (0..).zip(&values[from..]).map(|(at, value)| (x(at), bottom - pixels(value / most * f64::from(bottom - top)))).collect();
            for point in &points {
                area.draw(&Circle::new(*point, 2, colour.filled()))?;
            }
            area.draw(&PathElement::new(points, colour.stroke_width(2)))?;
            write(area, name, (left + 90 * number, HEAD_HEIGHT), 13, colour, HPos::Left)?;
        }
        Ok(())
    })
}

fn draw(title: &str, height: i32, body: impl FnOnce(&Area<'_>) -> Result<(), ChartError>) -> Result<String, ChartError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH.unsigned_abs(), height.unsigned_abs())).into_drawing_area();
        area.fill(&WHITE)?;
        write(&area, title, (16, 14), 17, INK, HPos::Left)?;
        body(&area)?;
        area.present()?;
    }
    Ok(svg)
}

fn write(area: &Area<'_>, text: &str, at: (i32, i32), size: i32, colour: RGBColor, anchor: HPos) -> Result<(), ChartError> {
    let style = TextStyle::from((FAMILIES, size).into_font()).color(&colour).pos(Pos::new(anchor, VPos::Top));
    area.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

fn short(label: &str) -> String {
    match label.char_indices().nth(MAX_LABEL_CHARS) {
        Some((at, _)) => format!("{}…", &label[..at]),
        None => label.to_owned(),
    }
}

/// Whole where it is, else with as many places as tell something.
fn number_text(value: f64) -> String {
    if value.fract().abs() < 0.005 {
        format!("{value:.0}")
    } else if value < 10.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    }
}

#[expect(clippy::cast_possible_truncation, reason = "pixels of a picture that is a thousand wide")]
fn pixels(length: f64) -> i32 {
    length.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_labels_are_text_and_nothing_in_them_is_markup() {
        let svg = bars("热词", &[("发货<b>&".to_owned(), 12.0), ("一二三四五六七八九十一二三四五六七八九十".to_owned(), 3.5)]).unwrap();
        for part in ["热词", "发货&lt;b&gt;&amp;", "一二三四五六七八九十一二三四五六七八…", "Noto Sans CJK SC", "\n12\n", "\n3.50\n"]
        {
            assert!(svg.contains(part), "{part} is not in {svg}");
        }
        assert!(!svg.contains("<b>") && !svg.contains("style="), "{svg}");
    }

    #[test]
    fn nothing_and_one_point_are_pictures_too() {
        assert!(bars("空", &[]).unwrap().contains("没有数据"));
        assert!(lines("空", &[], &[("p50", vec![])]).unwrap().contains("没有数据"));
        let one = lines("一", &["8 时".to_owned()], &[("p50", vec![1.0]), ("p99", vec![2.0])]).unwrap();
        assert!(one.contains("p99") && one.contains("8 时"), "{one}");
    }
}
