//! The binary on a terminal of its own: what it draws is read from an emulated screen, what is typed reaches it as from a
//! keyboard. `script` opens the terminal, `stty` changes its size.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use avt::Terminal;

use crate::copy_world::glance;
use crate::story::Story;

/// A test that waits for longer would wait for ever.
const PATIENCE: Duration = Duration::from_mins(2);
const ROWS: usize = 40;
/// Reaches the screen by the same way as everything else, and changes nothing there.
const MARK: &str = "\u{1b}]mark\u{7}";

pub struct OnTerminal<'a> {
    story: &'a Story,
    child: Child,
    keyboard: ChildStdin,
    arriving: Receiver<Vec<u8>>,
    terminal: Terminal,
    /// Bytes of a character whose end is still to come.
    begun: Vec<u8>,
    /// Everything that was written to the terminal.
    written: String,
    columns: usize,
}

impl<'a> OnTerminal<'a> {
    pub fn start(story: &'a Story, command: &Command, columns: usize, environment: &[(&str, &str)]) -> Self {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let line: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
        // Ctrl-C is for the program, which hears of it whatever the shells around it do: they wait for what it makes of it.
        story.write("program.sh", format!("echo $$ > pid\nexec {}\n", line.join(" ")));
        let around = format!(
            "trap '' INT\nstty cols {columns} rows {ROWS}\ntty > device\nyes '' | head -n {ROWS}\nsh program.sh\nexit $?\n"
        );
        // The program begins at the bottom, as it mostly does in a session that has gone on for a while.
        story.write("around.sh", around);
        let mut script = Command::new("script");
        script
            .args([
                "--quiet",
                "--return",
                "--flush",
                "--command",
                "exec sh around.sh",
                "/dev/null",
            ])
            .current_dir(story.file("."))
            .env_clear()
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm-256color")
            .envs(environment.iter().copied());
        let mut child = script
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let keyboard = child.stdin.take().unwrap();
        let mut shown = child.stdout.take().unwrap();
        let (tell, arriving) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = shown.read(&mut bytes) {
                if tell.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            story,
            child,
            keyboard,
            arriving,
            terminal: Terminal::with_scrollback(columns, ROWS, None).unwrap(),
            begun: Vec::new(),
            written: String::new(),
            columns,
        }
    }

    pub fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    pub fn until(&mut self, wanted: impl Fn(&[String]) -> bool) {
        while !wanted(&self.screen()) {
            assert!(self.goes_on(), "it ended with\n{}", self.screen().join("\n"));
        }
    }

    #[track_caller]
    pub fn until_it_says(&mut self, words: &str) {
        self.until(|screen| screen.join("\n").contains(words));
    }

    /// How it ended; everything it drew is on the screen.
    pub fn end(mut self) -> (ExitStatus, Self) {
        while self.goes_on() {}
        (self.child.wait().unwrap(), self)
    }

    /// Gives the terminal another width, as a window manager does: at one instant, for all who look at it.
    pub fn resize(&mut self, columns: usize) {
        self.at_rest(|here| {
            here.terminal.resize(columns, ROWS);
            here.columns = columns;
            let device = here.noted("device");
            run("stty", &["-F", &device, "cols", &columns.to_string()]);
        });
    }

    /// While the program stands still, with everything that it has written on the screen.
    #[track_caller]
    fn at_rest<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let (device, pid) = (self.noted("device"), self.noted("pid"));
        run("kill", &["-s", "STOP", &pid]);
        // What it is just writing is written to its end.
        while !stands_still(&pid) {
            glance();
        }
        let before = self.written.matches(MARK).count();
        std::fs::write(device, MARK).unwrap();
        while self.written.matches(MARK).count() == before {
            assert!(self.goes_on(), "it ended");
        }
        let seen = look(self);
        run("kill", &["-s", "CONT", &pid]);
        seen
    }

    fn noted(&self, file: &str) -> String {
        std::fs::read_to_string(self.story.file(file))
            .unwrap()
            .trim()
            .to_owned()
    }

    /// Waits until the block has been drawn so many times more.
    #[track_caller]
    pub fn redrawn(&mut self, times: usize) {
        let drawn = |written: &str| written.matches("\u{1b}[J").count();
        let wanted = drawn(&self.written) + times;
        while drawn(&self.written) < wanted {
            assert!(self.goes_on(), "it ended with\n{}", self.screen().join("\n"));
        }
    }

    /// What is to be seen, row by row, without the empty rows at the bottom.
    pub fn screen(&self) -> Vec<String> {
        let rows = self.terminal.screen().visible_lines();
        let mut rows: Vec<String> = rows.map(|row| row.text().trim_end().to_owned()).collect();
        let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        rows.truncate(used);
        rows
    }

    /// Whole lines, also those that have left the screen.
    pub fn lines(&self) -> Vec<String> {
        self.terminal.screen().text()
    }

    /// The live block: from its bar to the end of the screen. There is one bar and no remains of another, nothing beyond the last
    /// column but one, and nothing folded.
    #[track_caller]
    pub fn block(&mut self) -> Vec<String> {
        self.at_rest(|here| {
            let lines = here.lines();
            let bars = lines.iter().filter(|line| line.contains(" points (")).count();
            assert_eq!(bars, 1, "{}", lines.join("\n"));
            let rows: Vec<_> = here.terminal.screen().visible_lines().collect();
            let bar = rows
                .iter()
                .rposition(|row| is_bar(&row.text()))
                .expect("there is a block");
            for row in &rows[bar..] {
                let text = row.text();
                assert!(!row.is_wrapped(), "folded: {text}");
                assert!(text.trim_end().chars().count() < here.columns, "too wide: {text}");
            }
            here.screen()[bar..].to_vec()
        })
    }

    pub fn written(&self) -> &str {
        &self.written
    }

    /// Takes in what comes next; false at the end.
    #[track_caller]
    fn goes_on(&mut self) -> bool {
        let next = match self.arriving.recv_timeout(PATIENCE) {
            Ok(next) => next,
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => panic!("nothing comes any more:\n{}", self.screen().join("\n")),
        };
        self.begun.extend(next);
        let whole = match std::str::from_utf8(&self.begun) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let rest = self.begun.split_off(whole);
        let text = String::from_utf8(std::mem::replace(&mut self.begun, rest)).unwrap();
        self.terminal.feed(text.as_str());
        self.written.push_str(&text);
        true
    }
}

#[track_caller]
fn run(program: &str, arguments: &[&str]) {
    let ended = Command::new(program).args(arguments).status().unwrap();
    assert!(ended.success(), "{program} {arguments:?}");
}

/// Whether all its threads have been stopped.
fn stands_still(pid: &str) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks.flatten().all(|task| {
        let about = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        about.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
    })
}

fn is_bar(row: &str) -> bool {
    row.starts_with('[') && row.contains("] ") && row.contains(" points (")
}

impl Drop for OnTerminal<'_> {
    fn drop(&mut self) {
        // Whoever sits at the other end of the terminal hears of it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
