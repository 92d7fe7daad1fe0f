//! The acts in effect, for those who only read them.

use std::io::ErrorKind;

use super::acts::read_file;
#[cfg(feature = "postgres")]
use super::acts::read_values;
use crate::catalog::Control;
use crate::clock::Timestamp;
use crate::config::GatewaySpec;
use crate::usage::SqlLedger;

/// What operators began and have not ended: the holds, pauses and extensions of the `state` directory, or of the database that
/// replicas share. `ledger` is that of [`open_ledger`](super::open_ledger).
///
/// # Errors
///
/// If they cannot be read, or only in part: where they are, and what is wrong.
pub async fn open_control(gateway: &GatewaySpec, ledger: &SqlLedger, now: Timestamp) -> Result<Control, String> {
    let control = Control::new();
    #[cfg(feature = "postgres")]
    if gateway.ledger.url.is_some() {
        let values = ledger.shared_values(&gateway.ledger.environment, "act").await;
        let values = values.map_err(|error| error.to_string())?;
        control.restore(read_values(&values).map_err(|wrong| format!("the acts in the database: {wrong}"))?);
        return Ok(control);
    }
    let _ = ledger;
    let Some(folder) = &gateway.state else { return Ok(control) };
    match read_file(&folder.value, now) {
        Ok(acts) => control.restore(acts),
        Err((_, error)) if error.kind() == ErrorKind::NotFound => {}
        Err((path, error)) => return Err(format!("the acts in {}: {error}", path.display())),
    }
    Ok(control)
}
