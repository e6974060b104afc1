//! `muster catalog datacenters`.

use super::super::Failure;
use super::super::http::WordlessFlags;
use crate::commands::out::say;

pub(super) async fn run(flags: WordlessFlags) -> Result<(), Failure> {
    let names = flags.http()?.get("Error listing datacenters", "/v1/catalog/datacenters", &[]).await?;
    for name in names.as_array().into_iter().flatten() {
        say!("{}", name.as_str().unwrap_or_default());
    }
    Ok(())
}
