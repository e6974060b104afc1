//! Makes an answer fit its transport. Additional records go first; then answers, and then the truncation bit
//! says so, so that the client asks again by TCP and gets them all.

use hickory_proto::ProtoError;
use hickory_proto::op::Message;

/// Encodes `message` in at most `limit` bytes.
pub(crate) fn encode(mut message: Message, limit: usize) -> Result<Vec<u8>, ProtoError> {
    let whole = message.to_vec()?;
    if whole.len() <= limit {
        return Ok(whole);
    }
    message.additionals.clear();
    let bytes = message.to_vec()?;
    if bytes.len() <= limit {
        return Ok(bytes);
    }
    message.metadata.truncation = true;
    let all = std::mem::take(&mut message.answers);
    // The largest number of answers that fits, by bisection.
    let (mut fits, mut too_many) = (0, all.len());
    while too_many - fits > 1 {
        let middle = fits.midpoint(too_many);
        message.answers = all[..middle].to_vec();
        if message.to_vec()?.len() <= limit {
            fits = middle;
        } else {
            too_many = middle;
        }
    }
    message.answers = all[..fits].to_vec();
    let bytes = message.to_vec()?;
    if bytes.len() > limit {
        message.authorities.clear();
        return message.to_vec();
    }
    Ok(bytes)
}
