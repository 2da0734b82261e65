//! Prints the schema: `cargo run -p api-graphql --example sdl > schema.graphql`.

fn main() {
    print!("{}", api_graphql::sdl());
}
