//! What an instance is called: by its attribute, else by its image; and by its port where there are several.

use super::source::Attributes;
use crate::container::Container;

/// The service's name. `several` says that the container has more than one port that can be registered.
pub(crate) fn name(container: &Container, attributes: &Attributes, port: u16, several: bool) -> String {
    let asked = attributes.get("name");
    let name = asked.map_or_else(|| of_image(container), |asked| asked.value.clone());
    let own = asked.is_some_and(|asked| asked.of_port);
    if several && !own { format!("{name}-{port}") } else { name }
}

/// The last part of the image's name, without its version. An image that was named by its hash has none.
fn of_image(container: &Container) -> String {
    let image = container.image.as_str();
    let base = image.rsplit('/').next().unwrap_or(image);
    let base = base.split('@').next().unwrap_or(base);
    let (base, version) = base.split_once(':').unwrap_or((base, ""));
    let hash = base == "sha256" && version.len() == 64;
    if base.is_empty() || hash { container.name.clone() } else { base.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::tests::web;

    #[test]
    fn the_image_gives_the_name_where_nobody_else_does() {
        let hash = format!("sha256:{}", "a".repeat(64));
        for (image, expected) in [
            ("registry:5000/team/nginx:1.25", "nginx"),
            ("nginx", "nginx"),
            ("nginx@sha256:abc", "nginx"),
            ("host/nginx:1@sha256:abc", "nginx"),
            (&*hash, "web"),
            ("", "web"),
        ] {
            let container = Container { image: image.into(), ..web() };
            assert_eq!(name(&container, &Attributes::default(), 80, false), expected, "{image}");
        }
    }

    #[test]
    fn several_ports_are_told_apart_unless_they_are_named() {
        let mut container = web();
        let called =
            |container: &Container, several| name(container, &Attributes::of(container, 80), 80, several);
        assert_eq!(called(&container, true), "nginx-80");
        container.labels.insert("SERVICE_NAME".into(), "shop".into());
        assert_eq!((&*called(&container, false), &*called(&container, true)), ("shop", "shop-80"));
        container.env.insert("SERVICE_80_NAME".into(), "front".into());
        assert_eq!(called(&container, true), "front");
    }
}
