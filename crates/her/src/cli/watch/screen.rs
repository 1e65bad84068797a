//! The screen of `her watch`.

use std::time::Duration;

use her_identity::{Error, Result};
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Cell, Paragraph, Row, Sparkline, Table};
use serde_json::{Value, json};

use super::super::table::{count, figure, grouped, score};
use super::{Look, Watcher, alarms, online, shadow};

/// Looks that the line of the pace shows.
const PACES: usize = 240;

/// Draws until `q`, Ctrl-C or the last look.
pub fn run(watcher: &mut Watcher<'_>, every: Duration, mut left: Option<u64>) -> Result<()> {
    let io = |e| Error::io("drawing on the terminal", e);
    let mut look = watcher.look()?;
    let mut terminal = ratatui::try_init().map_err(io)?;
    let (mut paces, mut paused) = (Vec::new(), false);
    let mut told: Option<String> = None;
    let ended = loop {
        let status = told.as_deref().or(paused.then_some("paused"));
        let drawn = terminal.draw(|f| draw(f, &look, watcher, &paces, status));
        if let Err(e) = drawn {
            break Err(io(e));
        }
        left = left.map(|n| n.saturating_sub(1));
        if left == Some(0) {
            break Ok(());
        }
        match key(every).map_err(io) {
            Ok(Key::Quit) => break Ok(()),
            Ok(Key::Pause) => paused = !paused,
            Ok(Key::None) => {}
            Err(e) => break Err(e),
        }
        if !paused {
            // A server that is away for a while is asked again; what it said last stays.
            match watcher.look() {
                Ok(new) => {
                    let all: f64 = new.pace.iter().flatten().sum();
                    paces.push(all as u64);
                    paces.drain(..paces.len().saturating_sub(PACES));
                    look = new;
                    told = None;
                }
                Err(e) => told = Some(e.message),
            }
        }
    };
    ratatui::restore();
    ended
}

enum Key {
    None,
    Pause,
    Quit,
}

/// Waits for a key until the next look is due.
fn key(every: Duration) -> std::io::Result<Key> {
    if !event::poll(every)? {
        return Ok(Key::None);
    }
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) = event::read()?
    else {
        return Ok(Key::None);
    };
    Ok(match code {
        KeyCode::Char('q') | KeyCode::Esc => Key::Quit,
        KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => Key::Quit,
        KeyCode::Char('p' | ' ') => Key::Pause,
        _ => Key::None,
    })
}

fn draw(
    frame: &mut Frame<'_>,
    look: &Look,
    watcher: &Watcher<'_>,
    paces: &[u64],
    status: Option<&str>,
) {
    let above = look.identities.len().min(12) as u16 + 3;
    let [head, identities, pace, people, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(above),
        Constraint::Length(5),
        Constraint::Min(4),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let place = format!("her watch · {}", watcher.door.place());
    frame.render_widget(Line::styled(place, bold), head);
    frame.render_widget(identity_table(look), identities);
    let now = paces.last().map_or_else(|| "–".to_owned(), |n| grouped(*n));
    let title = format!(" updates a second: {now} ");
    let shown = &paces[paces.len().saturating_sub(pace.width.saturating_sub(2) as usize)..];
    frame.render_widget(
        Sparkline::default().block(Block::bordered().title(title)).data(shown),
        pace,
    );
    channels(frame, look, people);
    let foot_text = status.map_or_else(
        || "q quit · p pause · people speak 2.5 words/s, 39 bit/s".to_owned(),
        |status| format!("{status} · q quit · p goes on"),
    );
    frame.render_widget(Paragraph::new(foot_text), foot);
}

fn identity_table(look: &Look) -> Table<'_> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let head = ["identity", "version", "updates/s", "online", "frozen shadow", "alarms", "people"];
    let rows = look.identities.iter().zip(&look.pace).map(|(card, pace)| {
        let name = card["name"].as_str().unwrap_or("–");
        Row::new([
            name.to_owned(),
            count(&card["version"]),
            figure(&json!(pace)),
            score(online(card)),
            score(shadow(card)),
            count(alarms(card)),
            look.people(name).to_string(),
        ])
    });
    let widths = [
        Constraint::Min(10),
        Constraint::Length(13),
        Constraint::Length(11),
        Constraint::Min(24),
        Constraint::Min(24),
        Constraint::Length(7),
        Constraint::Length(7),
    ];
    Table::new(rows, widths)
        .header(Row::new(head).style(bold))
        .block(Block::bordered().title(" identities "))
}

fn channels(frame: &mut Frame<'_>, look: &Look, area: Rect) {
    let told = &look.channels;
    let rehearsed = &told["server"]["rehearsed"];
    let again = match rehearsed.as_u64() {
        None | Some(0) => String::new(),
        Some(_) => format!("· {} events learned again meanwhile ", count(rehearsed)),
    };
    let title = format!(
        " people and devices: {} present, {} away {again}",
        count(&told["present"]),
        count(&told["away"])
    );
    let none = Vec::new();
    let all = told["channels"].as_array().unwrap_or(&none);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let head = [
        "session",
        "with",
        "door",
        "state",
        "words/s",
        "bit/s",
        "thinks, s",
        "deaf, s",
        "model, s",
        "updates since",
        "gap",
    ];
    let rows = all.iter().take(usize::from(area.height)).map(|c| {
        let away = c["state"] == "away";
        let style = if away { Style::new().add_modifier(Modifier::DIM) } else { Style::new() };
        Row::new(channel_cells(c).map(Cell::from)).style(style)
    });
    let widths = [
        Constraint::Length(9),
        Constraint::Min(8),
        Constraint::Length(4),
        Constraint::Length(7),
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Length(13),
        Constraint::Length(11),
    ];
    let table = Table::new(rows, widths)
        .header(Row::new(head).style(bold))
        .block(Block::bordered().title(title));
    frame.render_widget(table, area);
}

fn channel_cells(c: &Value) -> [String; 11] {
    let text = |key: &str| c[key].as_str().unwrap_or("–").to_owned();
    let session: String = text("session").chars().take(8).collect();
    let wait = &c["wait_s"];
    [
        session,
        text("identity"),
        text("door"),
        text("state"),
        figure(&c["words_per_s"]),
        figure(&c["bits_per_s"]),
        figure(&wait["read"]),
        figure(&wait["write"]),
        figure(&wait["model"]),
        count(&c["updates_since_spoke"]),
        figure(&c["gap"]),
    ]
}
