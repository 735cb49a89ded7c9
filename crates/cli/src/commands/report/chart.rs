//! Charts as inline SVG. Each is said in words, and the table below it has the numbers: a chart is for the eye alone.

use std::fmt::Write as _;

use super::element::escaped;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 200.0;
/// Room for the numbers beside and the words below.
const LEFT: f64 = 64.0;
const BELOW: f64 = 24.0;
const CLOSED: &str = "</svg></div>";
/// More columns than this are no wider than a hair.
pub(super) const MOST_COLUMNS: i64 = 240;

/// One stacked bar.
pub(super) struct Bar<'a> {
    pub(super) name: &'a str,
    /// In the order of `classes`.
    pub(super) parts: Vec<u64>,
}

/// Columns over time, with the first and the last moment below them.
pub(super) fn columns(title: &str, heights: &[f64], from: &str, until: &str) -> String {
    let most = heights.iter().copied().fold(0.0, f64::max).max(1.0);
    let plot = WIDTH - LEFT;
    let count = f64::from(u32::try_from(heights.len().max(1)).unwrap_or(u32::MAX));
    let wide = plot / count;
    let mut svg = open(title, HEIGHT + BELOW);
    for (index, height) in heights.iter().enumerate() {
        let tall = height / most * (HEIGHT - 12.0);
        let at = LEFT + wide * f64::from(u32::try_from(index).unwrap_or(u32::MAX));
        let _ = write!(
            svg,
            "<rect class=\"done\" x=\"{at:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"/>",
            HEIGHT - tall,
            (wide * 0.85).max(0.6)
        );
    }
    axis(&mut svg, most, from, until)
}

/// A line that only rises, with the first and the last moment below it.
pub(super) fn rising(title: &str, points: &[(f64, f64)], most: f64, from: &str, until: &str) -> String {
    let mut svg = open(title, HEIGHT + BELOW);
    let path = points
        .iter()
        .enumerate()
        .fold(String::new(), |mut path, (index, (x, y))| {
            let _ = write!(
                path,
                "{}{:.1} {:.1}",
                if index == 0 { 'M' } else { 'L' },
                LEFT + x.clamp(0.0, 1.0) * (WIDTH - LEFT - 4.0),
                HEIGHT - y / most.max(1.0) * (HEIGHT - 12.0)
            );
            path
        });
    let _ = write!(svg, "<path class=\"line\" d=\"{path}\"/>");
    axis(&mut svg, most.max(1.0), from, until)
}

/// A row per bar, its parts beside each other as shares of the longest bar.
pub(super) fn stacked(title: &str, classes: &[&str], bars: &[Bar<'_>]) -> String {
    const ROW: f64 = 26.0;
    const NAMES: f64 = 200.0;
    let sum = |bar: &Bar<'_>| bar.parts.iter().sum::<u64>();
    let most = float(bars.iter().map(sum).max().unwrap_or(0).max(1));
    let rows = f64::from(u32::try_from(bars.len()).unwrap_or(u32::MAX));
    let mut svg = open(title, rows * ROW + 4.0);
    for (index, bar) in bars.iter().enumerate() {
        let y = ROW * f64::from(u32::try_from(index).unwrap_or(u32::MAX));
        let name: String = bar.name.chars().take(28).collect();
        let _ = write!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            NAMES - 8.0,
            y + 17.0,
            escaped(&name)
        );
        let mut x = NAMES;
        for (part, class) in bar.parts.iter().zip(classes) {
            let wide = float(*part) / most * (WIDTH - NAMES - 4.0);
            if *part > 0 {
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"18\"/>",
                    y + 4.0,
                    wide.max(0.8)
                );
            }
            x += wide;
        }
    }
    svg + CLOSED
}

/// A part of a time line, as shares of the whole.
pub(super) struct Span {
    pub(super) from: f64,
    pub(super) until: f64,
}

/// A row per name with its spans, the first and the last moment below them.
pub(super) fn time_line(title: &str, rows: &[(&str, &str, &[Span])], from: &str, until: &str) -> String {
    const ROW: f64 = 26.0;
    const NARROWEST: f64 = 1.0;
    let tall = ROW * f64::from(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    let mut svg = open(title, tall + BELOW);
    for (index, (name, class, spans)) in rows.iter().enumerate() {
        let y = ROW * f64::from(u32::try_from(index).unwrap_or(u32::MAX));
        let _ = write!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 17.0,
            escaped(name)
        );
        for span in *spans {
            let at = |share: f64| LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - NARROWEST);
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"18\"/>",
                at(span.from),
                y + 4.0,
                (at(span.until) - at(span.from)).max(NARROWEST)
            );
        }
    }
    let _ = write!(
        svg,
        "<path class=\"axis\" d=\"M{LEFT} 0V{tall}H{WIDTH}\"/>\
         <text x=\"{LEFT}\" y=\"{0}\">{1}</text><text x=\"{WIDTH}\" y=\"{0}\" text-anchor=\"end\">{2}</text>",
        tall + 18.0,
        escaped(from),
        escaped(until)
    );
    svg + CLOSED
}

/// In a box of its own that can be scrolled, also with the keyboard: made as small as a telephone its words could not be read.
fn open(title: &str, height: f64) -> String {
    let title = escaped(title);
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{title}\">\
         <svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{title}\" preserveAspectRatio=\"xMinYMin meet\">"
    )
}

fn axis(svg: &mut String, most: f64, from: &str, until: &str) -> String {
    let _ = write!(
        svg,
        "<path class=\"axis\" d=\"M{LEFT} 8V{HEIGHT}H{WIDTH}\"/>\
         <text x=\"{0}\" y=\"16\" text-anchor=\"end\">{most:.0}</text>\
         <text x=\"{0}\" y=\"{HEIGHT}\" text-anchor=\"end\">0</text>\
         <text x=\"{LEFT}\" y=\"{1}\">{2}</text><text x=\"{WIDTH}\" y=\"{1}\" text-anchor=\"end\">{3}</text>{CLOSED}",
        LEFT - 6.0,
        HEIGHT + 18.0,
        escaped(from),
        escaped(until)
    );
    std::mem::take(svg)
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
