//! When a certificate expires. Pure: the time is an argument. It never says whether a certificate is to be trusted.

use std::time::Duration;

use muster_api::ApiError;
use rustls::{
    CertificateError, RootCertStore,
    client::verify_server_cert_signed_by_trust_anchor,
    crypto::WebPkiSupportedAlgorithms,
    pki_types::{CertificateDer, UnixTime},
    server::ParsedCertificate,
};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A century: no certificate is meant to live longer.
const MOST: u32 = 36_500;

/// The days of a definition; none where it asks for no warning.
pub(super) fn days(asked: i64) -> Result<Option<u32>, ApiError> {
    let wrong = || {
        ApiError::BadRequest(format!(
            "Invalid check: WarnCertificateDays {asked} must be a number of days from 1 to {MOST}, or 0 for no warning"
        ))
    };
    let days = u32::try_from(asked).ok().filter(|days| *days <= MOST).ok_or_else(wrong)?;
    Ok((days > 0).then_some(days))
}

/// Why somebody should look at a certificate: it is not good any more so many days later, or now.
pub(super) fn within(
    certificate: &CertificateDer<'_>,
    days: u32,
    now: UnixTime,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Option<String> {
    let then = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + DAY * days);
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    // The verifier looks at the dates of a certificate before it looks for one who vouches for it. Nobody does here:
    // only the dates are asked for, and no second reader of certificates is needed.
    let nobody = RootCertStore::empty();
    let verdict = verify_server_cert_signed_by_trust_anchor(&parsed, &nobody, &[], then, algorithms.all);
    match verdict.err()? {
        rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            if not_after < now {
                // Who accepts any certificate accepts this one too.
                return Some("the certificate has expired".to_owned());
            }
            let left = not_after.as_secs().saturating_sub(now.as_secs()) / DAY.as_secs();
            Some(format!("the certificate expires in {left} {}", if left == 1 { "day" } else { "days" }))
        }
        rustls::Error::InvalidCertificate(CertificateError::Expired) => {
            Some(format!("the certificate expires within {days} days"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn what_expires_is_told_from_what_has_expired() {
        let mut params = CertificateParams::new(vec!["web.test".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 3, 1);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let provider = rustls::crypto::ring::default_provider();
        let told = |day: i64| {
            let now = date_time_ymd(2020, 3, 1).unix_timestamp() + day * 86_400;
            let now = UnixTime::since_unix_epoch(Duration::from_secs(now.try_into().unwrap()));
            within(certificate.der(), 7, now, &provider.signature_verification_algorithms)
        };
        assert_eq!(told(-8), None);
        assert_eq!(told(-6).as_deref(), Some("the certificate expires in 6 days"));
        assert_eq!(told(-1).as_deref(), Some("the certificate expires in 1 day"));
        assert_eq!(told(1).as_deref(), Some("the certificate has expired"));
    }
}
