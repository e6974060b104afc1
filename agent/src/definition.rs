//! Which services make sense, in Consul's words where they do not, and what their checks are called. What a check
//! asks for is judged in `healthchecks`. Pure.

use std::net::IpAddr;

use crate::local::{NODE_MAINTENANCE, SERVICE_MAINTENANCE};
use muster_api::ApiError;
use muster_api::catalog::Address;
use muster_api::check::CheckDefinition;
use muster_api::service::{ServiceDefinition, check_meta};
use muster_healthchecks::Status;

fn bad(text: impl Into<String>) -> ApiError {
    ApiError::BadRequest(text.into())
}

/// Fills in what may be left out of a service and refuses what makes no sense.
///
/// # Errors
/// The refusal.
pub fn service(mut asked: ServiceDefinition) -> Result<ServiceDefinition, ApiError> {
    if asked.name.is_empty() {
        return Err(bad("Missing service name"));
    }
    // A proxy that stands for nobody is none.
    let destination = asked.proxy.as_ref().and_then(|proxy| proxy.as_object()).is_some_and(|proxy| {
        let named = |key: &String| key.replace('_', "").eq_ignore_ascii_case("destinationservicename");
        proxy.iter().any(|(key, value)| named(key) && value.as_str().is_some_and(|name| !name.is_empty()))
    });
    if asked.kind == "connect-proxy" && !destination {
        return Err(bad(
            "1 error occurred:\n\t* Proxy.DestinationServiceName must be non-empty for Connect proxy services\n\n",
        ));
    }
    if asked.id.is_empty() {
        asked.id.clone_from(&asked.name);
    }
    let nowhere =
        |text: &str| text.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_unspecified());
    if nowhere(&asked.address) {
        return Err(bad("Invalid service address"));
    }
    name_families(&mut asked);
    let meta = asked.meta.iter().try_for_each(check_meta);
    meta.map_err(|text| bad(format!("Invalid Service Meta: {text}")))?;
    if let Some(weights) = &asked.weights {
        if weights.passing < 1 {
            return Err(bad("Invalid Weights: Passing must be greater than 0"));
        }
        if weights.warning < 0 {
            return Err(bad("Invalid Weights: Warning must be greater or equal than 0"));
        }
        if weights.passing > 65_535 || weights.warning > 65_535 {
            return Err(bad("Invalid Weights: DNS Weight must be between 0 and 65535"));
        }
    }
    Ok(asked)
}

/// An instance with an IP address of its own is found under the name of its address family too, from near and
/// from far, as in Consul.
fn name_families(asked: &mut ServiceDefinition) {
    let family = match asked.address.parse() {
        Ok(IpAddr::V4(_)) => "ipv4",
        Ok(IpAddr::V6(_)) => "ipv6",
        Err(_) => return,
    };
    let own = Address { address: asked.address.clone(), port: asked.port };
    let named = asked.tagged_addresses.get_or_insert_default();
    for scope in ["lan", "wan"] {
        named.entry(format!("{scope}_{family}")).or_insert_with(|| own.clone());
    }
}

/// The ID and name of the check at `place` (from 1) of the `of` checks of a service, where it has none.
pub fn name_service_check(check: &mut CheckDefinition, service: &ServiceDefinition, place: usize, of: usize) {
    if check.id.is_empty() {
        check.id = match of {
            0 | 1 => format!("service:{}", service.id),
            _ => format!("service:{}:{place}", service.id),
        };
    }
    if check.name.is_empty() {
        check.name = format!("Service '{}' check", service.name);
    }
    check.service_id.clone_from(&service.id);
}

/// The kind of a check that stands for maintenance.
pub(crate) const MAINTENANCE: &str = "maintenance";

/// Whether a check from the disk stands for maintenance: it has the ID of one, and nothing to run.
pub(crate) fn is_maintenance(check: &CheckDefinition) -> bool {
    let of_service = || check.id.strip_prefix(SERVICE_MAINTENANCE) == Some(check.service_id.as_str());
    let of_node = || check.id == NODE_MAINTENANCE && check.service_id.is_empty();
    muster_healthchecks::word(check).is_empty() && (of_node() || !check.service_id.is_empty() && of_service())
}

/// The refusal of an instance that is not there.
pub(crate) fn no_service(id: &str) -> ApiError {
    ApiError::Missing(format!("No service registered with ID {id:?}"))
}

/// The status that a check begins with.
///
/// # Errors
/// Where the definition names none that there is; the text is the caller's, since Consul has two.
pub fn initial(check: &CheckDefinition, text: &str) -> Result<Status, ApiError> {
    Status::read(&check.status).ok_or_else(|| bad(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_service(json: &str) -> Result<ServiceDefinition, String> {
        muster_api::decode::json(json.as_bytes()).and_then(service).map_err(|error| error.to_string())
    }

    #[test]
    fn a_service_is_refused_in_consul_s_words() {
        for (json, text) in [
            ("{}", "Missing service name"),
            (r#"{"Name":"web","Address":"0.0.0.0"}"#, "Invalid service address"),
            (r#"{"Name":"web","Weights":{"Passing":-1}}"#, "Invalid Weights: Passing must be greater than 0"),
            (
                r#"{"Name":"web","Meta":{"a b":"c"}}"#,
                "Invalid Service Meta: Couldn't load metadata pair ('a b', 'c'): Key contains invalid characters",
            ),
        ] {
            assert_eq!(read_service(json).unwrap_err(), text, "{json}");
        }
        assert_eq!(read_service(r#"{"Name":"web"}"#).unwrap().id, "web");
    }

    #[test]
    fn the_checks_of_a_service_are_named_after_it() {
        let web = read_service(r#"{"Name":"web","ID":"w1"}"#).unwrap();
        let named = |place, of| {
            let mut check = CheckDefinition::default();
            name_service_check(&mut check, &web, place, of);
            (check.id, check.name, check.service_id)
        };
        assert_eq!(named(1, 1), ("service:w1".into(), "Service 'web' check".into(), "w1".into()));
        assert_eq!(named(2, 2).0, "service:w1:2");
    }
}
