//! Two hundred containers, started as fast as the engine can.

use std::time::{Duration, Instant};

use crate::host::{Host, within};

/// How many.
const MANY: usize = 200;

#[test]
fn two_hundred_that_start_at_once_are_all_registered() {
    let host = Host::with_registrator("{}");
    let names: Vec<String> = (0..MANY).map(|number| format!("many{number}")).collect();
    // In the host's network: nothing holds the engine up.
    std::thread::scope(|scope| {
        for part in names.chunks(MANY / 4) {
            let host = &host;
            scope.spawn(move || {
                for name in part {
                    let name = format!("--name={name}");
                    let stop = "--stop-signal=SIGKILL";
                    host.engine.docker(&["create", &name, stop, "--network=host", &host.image]);
                }
            });
        }
    });
    let began = Instant::now();
    std::thread::scope(|scope| {
        for part in names.chunks(MANY / 4) {
            let host = &host;
            let part: Vec<&str> = part.iter().map(String::as_str).collect();
            scope.spawn(move || host.engine.docker(&[&["start"], &part[..]].concat()));
        }
    });
    let (started, last) = (began.elapsed(), Instant::now());
    let passing = || {
        let found = host.agent.json("/v1/health/service/idle?passing");
        found.as_array().map_or(0, Vec::len)
    };
    within(Duration::from_secs(10), "all are registered", || passing() == MANY);
    println!("{MANY} started in {started:?}; all in the catalog {:?} after the last start", last.elapsed());
    let ids: Vec<String> = host.engine.docker(&["ps", "--quiet"]).lines().map(str::to_owned).collect();
    let began = Instant::now();
    host.engine.docker(&[&["kill"], &ids.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
    let (killed, last) = (began.elapsed(), Instant::now());
    within(Duration::from_secs(10), "none is registered", || {
        host.agent.json("/v1/health/service/idle").as_array().is_some_and(Vec::is_empty)
    });
    println!("{MANY} killed in {killed:?}; none in the catalog {:?} after the last death", last.elapsed());
}
