//! What is kept of a change: values only.

/// How a change came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// By a program over the API.
    Api,
    /// In the studio.
    Studio,
    /// By an import of a table.
    Import,
    /// In the file itself, by an editor, a sync or a checkout.
    File,
    /// By approving a proposal, or what was learned.
    Review,
    /// By a command.
    Cli,
}

impl Way {
    const ALL: [Way; 6] = [Way::Api, Way::Studio, Way::Import, Way::File, Way::Review, Way::Cli];

    /// As written in the API and the register.
    pub fn as_str(self) -> &'static str {
        match self {
            Way::Api => "api",
            Way::Studio => "studio",
            Way::Import => "import",
            Way::File => "file",
            Way::Review => "review",
            Way::Cli => "cli",
        }
    }

    /// Reads it.
    pub fn parse(name: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.as_str() == name)
    }
}

/// What was done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// There was none before, or none that was known.
    Create,
    /// Another content.
    Save,
    /// Another place; perhaps another content too.
    Move,
    /// Gone.
    Delete,
    /// The content of an earlier version.
    Restore,
}

impl Action {
    const ALL: [Action; 5] = [Action::Create, Action::Save, Action::Move, Action::Delete, Action::Restore];

    /// As written in the API and the register.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Save => "save",
            Action::Move => "move",
            Action::Delete => "delete",
            Action::Restore => "restore",
        }
    }

    /// Reads it.
    pub fn parse(name: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// One change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// UUIDv7.
    pub id: String,
    /// The entry in the file; `None` for lexicon, shops and settings.
    pub entry_id: Option<String>,
    /// Relative to the library, with `/`.
    pub path: String,
    /// What was done.
    pub action: Action,
    /// How.
    pub way: Way,
    /// By whom: an identity, or `file`.
    pub who: String,
    /// What they said about it.
    pub why: String,
    /// When, in microseconds: their order is that of the changes.
    pub at_us: i64,
    /// SHA-256 of the content; `None`: the file went from this path.
    pub hash: Option<[u8; 32]>,
}

/// Who `who` is where a file changed by itself.
pub const FILE_AUTHOR: &str = "file";
