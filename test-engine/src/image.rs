//! Images out of a static busybox: no registry is asked.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Before the name of every image.
pub(crate) const IMAGES: &str = "muster-test";

/// Where Debian's busybox-static puts it.
const BUSYBOX: &str = "/bin/busybox";

pub(crate) fn import(address: &str, name: &str, changes: &[&str]) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let root = std::env::temp_dir().join(format!("muster-image-{}-{number}", std::process::id()));
    fill(&root);
    let mut pack = Command::new("tar");
    let mut pack = pack.arg("-C").arg(&root).args(["-c", "."]).stdout(Stdio::piped()).spawn().expect("tar");
    let packed = pack.stdout.take().expect("it is piped");
    let mut import = crate::docker(address);
    import.arg("import");
    for change in changes {
        import.args(["--change", change]);
    }
    let image = format!("{IMAGES}/{name}");
    let imported = crate::said(import.args(["-", &image]).stdin(packed));
    let packed = pack.wait();
    let _ = std::fs::remove_dir_all(&root);
    imported.unwrap_or_else(|why| panic!("docker import {image}: {why}"));
    assert!(packed.is_ok_and(|status| status.success()), "tar of {}", root.display());
    image
}

/// A root with nothing but busybox under all its names.
fn fill(root: &Path) {
    let _ = std::fs::remove_dir_all(root);
    let folder = root.join("bin");
    std::fs::create_dir_all(&folder).expect("a folder for the image");
    std::fs::create_dir(root.join("tmp")).expect("a folder for the image");
    std::fs::copy(BUSYBOX, folder.join("busybox")).expect("Debian's busybox-static");
    let names = crate::said(Command::new(BUSYBOX).arg("--list")).expect("busybox names its commands");
    for name in names.lines().filter(|name| *name != "busybox") {
        std::os::unix::fs::symlink("busybox", folder.join(name)).expect("a name for busybox");
    }
}
