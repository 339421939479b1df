//! Which installation a command speaks to.

use std::path::PathBuf;

/// Where the installation is: a data directory here, or a stack on AWS.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Place {
    /// Data directory of the embedded host.
    #[arg(long, value_name = "DIR", default_value = ".shoprelay", conflicts_with = "stack")]
    pub(crate) data_dir: PathBuf,

    /// Name of the stack on AWS; region and credentials come from the usual AWS variables and profiles.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
}
