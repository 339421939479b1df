//! `pause` and `resume`.

use super::world::World;

async fn world() -> World {
    let world = World::new();
    world.host().close().await;
    let file = world.file("shops.toml", "[\"shoprelay/acme/websand\"]\naccount = \"acme\"\napi_key = \"hush-hush\"\n");
    assert_eq!(world.run(&["shop", "add", "--file", &file]).await.code, 0);
    world
}

#[tokio::test]
async fn a_connection_is_paused_shown_first_and_resumed() {
    let world = world().await;
    let paused = world.run(&["pause", "acme", "websand"]).await;
    assert_eq!((paused.code, paused.out.as_str()), (0, "acme -> websand: paused\n"), "{paused:?}");
    let both = world.run(&["pause", "acme", "--json"]).await;
    let changed: Vec<_> = both.json().as_array().unwrap().iter().map(|one| one["changed"].as_bool()).collect();
    assert_eq!(changed, [Some(false), Some(true)], "{both:?}");
    let listed = world.run(&["deliveries"]).await;
    let line = listed.out.lines().find(|line| line.contains("connection") && line.contains("websand")).unwrap();
    assert!(line.contains("paused; deliveries wait"), "{line}");
    let shown = world.run(&["show", "acme/connection/websand"]).await;
    assert!(shown.out.contains("shoprelay resume acme websand"), "{}", shown.out);
    let refused = world.run(&["resolve", "acme/connection/websand", "--as", "done"]).await;
    assert!(refused.code == 1 && refused.err.contains("shoprelay resume"), "{refused:?}");
    let resumed = world.run(&["resume", "acme"]).await;
    assert_eq!((resumed.code, resumed.out.as_str()), (0, "acme -> websand: resumed\nacme -> websale: resumed\n"));
    let again = world.run(&["resume", "acme", "websand"]).await;
    assert_eq!(again.out, "acme -> websand: already resumed\n");
    assert!(world.run(&["deliveries"]).await.out.contains("nothing needs attention"));
}

#[tokio::test]
async fn a_misspelt_shop_or_destination_is_named() {
    let world = world().await;
    let shop = world.run(&["pause", "acne"]).await;
    assert!(shop.code == 1 && shop.err.contains("there is no shop acne"), "{shop:?}");
    let destination = world.run(&["pause", "acme", "websnad"]).await;
    assert!(destination.code == 2 && destination.err.contains("websand or websale"), "{destination:?}");
}
