//! A chart of bars, as SVG.

use std::fmt::Write;

use super::Peer;

const WIDTH: f64 = 720.0;
const ROW: f64 = 34.0;
const LEFT: f64 = 120.0;
const RIGHT: f64 = 110.0;

/// One bar.
pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) value: f64,
    pub(super) ours: bool,
}

/// CPU of a cold start, init included.
pub(super) fn bars(peers: &[Peer]) -> Vec<Bar> {
    let bar = |peer: &Peer| {
        let value = peer.times.as_ref()?.both_cpu.median;
        Some(Bar { name: peer.name, value, ours: peer.name == "order-placed" })
    };
    peers.iter().filter_map(bar).collect()
}

/// The bars on a logarithmic scale: they lie two powers of ten apart.
pub(super) fn svg(bars: &[Bar]) -> String {
    let scale = |value: f64| (1.0 + value).ln();
    let most = bars.iter().map(|bar| scale(bar.value)).fold(f64::MIN_POSITIVE, f64::max);
    let mut rows = String::new();
    let mut top = 40.0;
    for bar in bars {
        let width = scale(bar.value) / most * (WIDTH - LEFT - RIGHT);
        let colour = if bar.ours { "#1a7f5a" } else { "#8a97a6" };
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n\
             <rect x=\"{LEFT}\" y=\"{}\" width=\"{width:.1}\" height=\"22\" rx=\"3\" fill=\"{colour}\"/>\n\
             <text x=\"{:.1}\" y=\"{}\">{:.1} ms</text>\n",
            LEFT - 10.0,
            top + 16.0,
            bar.name,
            top,
            LEFT + width + 8.0,
            top + 16.0,
            bar.value,
        );
        top += ROW;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {top}\" font-family=\"sans-serif\" \
         font-size=\"14\" fill=\"#444\">\n<title>CPU of a cold start</title>\n\
         <text x=\"{LEFT}\" y=\"22\" font-weight=\"bold\">CPU of a cold start, init and first webhook (logarithmic)</text>\n\
         {rows}</svg>\n"
    )
}
