//! What a view of a node comes to.

use super::*;

fn view(services: Option<&[&str]>, checks: &[(&str, &str, &str)]) -> View {
    let services = services.map(|services| services.iter().map(|id| (*id).to_owned()).collect());
    let check = |(id, owner, status): &(&str, &str, &str)| FarCheck {
        id: (*id).to_owned(),
        name: (*id).to_owned(),
        status: (*status).to_owned(),
        output: "so".to_owned(),
        service_id: (*owner).to_owned(),
    };
    View { services, checks: checks.iter().map(check).collect() }
}

fn said(view: &View, service: &str) -> (Status, String) {
    judge(view, &Target { node: "far".into(), service: service.into() }, |check| check.id == "mine")
}

#[test]
fn the_node_s_checks_count_for_all_and_a_service_s_for_itself() {
    let seen = view(
        Some(&["db", "web", "bare"]),
        &[("serfHealth", "", "passing"), ("c", "db", "warning"), ("mine", "", "critical")],
    );
    let passing = (Status::Passing, "All checks passing.".to_owned());
    assert_eq!(said(&seen, "db"), (Status::Warning, "Aliased check \"c\" failing: so".into()));
    assert_eq!(said(&seen, "bare"), passing);
    assert_eq!(said(&seen, ""), passing);
    assert_eq!(said(&seen, "none"), (Status::Critical, "Service none could not be found on node far".into()));
    assert_eq!(said(&view(Some(&["db"]), &[]), "db"), (Status::Passing, "No checks found.".into()));
    assert_eq!(said(&view(None, &[]), ""), (Status::Critical, "Node far could not be found".into()));
    let odd = view(Some(&["db"]), &[("c", "db", "strange")]);
    assert_eq!(said(&odd, "db").0, Status::Critical, "what nobody knows is not well");
}
