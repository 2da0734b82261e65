//! The README's first sync, copied and run as it stands, so that it cannot rot.

use product_tests::{Database, eventually, server};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

struct Block {
    background: bool,
    commands: String,
}

/// The README's blocks marked `first-sync`.
fn blocks() -> Vec<Block> {
    let readme = include_str!("../../README.md");
    let mut blocks = Vec::new();
    for part in readme.split("\n```sh first-sync").skip(1) {
        let (marks, rest) = part.split_once('\n').expect("a block has lines");
        let (commands, _) = rest.split_once("\n```").expect("a block ends");
        blocks.push(Block { background: marks.contains("background"), commands: commands.to_owned() });
    }
    blocks
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Stands for cargo: the binaries are built already.
fn stand_in_for_cargo(directory: &Path) {
    let crm_sync = server::binary();
    let mock_crm =
        std::env::var_os("CRM_SYNC_TEST_MOCK_CRM").map_or_else(|| crm_sync.with_file_name("mock-crm"), Into::into);
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n  'run --release -p mock-crm -- '*) shift 5; exec '{}' \"$@\";;\n  \
         'run --release -- '*) shift 3; exec '{}' \"$@\";;\n  *) echo \"cargo $*?\" >&2; exit 1;;\nesac\n",
        mock_crm.display(),
        crm_sync.display()
    );
    let path = directory.join("cargo");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn the_first_sync_works_as_it_stands() {
    let scratch = Database::sqlite();
    stand_in_for_cargo(&scratch.directory);
    let (server_port, crm_port) = (free_port(), free_port());
    let path = format!("{}:{}", scratch.directory.display(), std::env::var("PATH").unwrap());
    let shell = |commands: &str| {
        // Other servers of this machine may have the README's ports.
        let commands = commands
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{server_port}"))
            .replace("127.0.0.1:9090", &format!("127.0.0.1:{crm_port}"));
        let mut shell = Command::new("sh");
        shell.args(["-ec", &commands]).current_dir(&scratch.directory).env("PATH", &path);
        shell.env("CRM_SYNC_LISTEN", format!("127.0.0.1:{server_port}")).kill_on_drop(true);
        shell
    };
    let blocks = blocks();
    assert_eq!(blocks.iter().filter(|block| block.background).count(), 2, "the mock CRM and the server");
    assert_eq!(blocks.len(), 5);
    let mut running = Vec::new();
    for block in blocks.iter().filter(|block| block.background) {
        // The last line replaces the shell, so that it is what is killed.
        let (before, last) = block.commands.rsplit_once('\n').unwrap_or(("", &block.commands));
        let child = shell(&format!("{before}\nexec {last}")).stdout(Stdio::null()).spawn().unwrap();
        running.push(child);
    }
    for port in [server_port, crm_port] {
        eventually("both listen", Duration::from_secs(20), || async {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
    }
    let mut last = String::new();
    for block in blocks.iter().filter(|block| !block.background) {
        for _ in 0..100 {
            let output = shell(&block.commands).output().await.unwrap();
            last = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{}: {}", block.commands, String::from_utf8_lossy(&output.stderr));
            assert!(!last.contains("\"errors\""), "{}: {last}", block.commands);
            // A reader looks again after a moment; so does the test, where it waits for the CRM.
            if !block.commands.contains("logs(") || last.matches("SUCCEEDED").count() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert!(last.contains("Ada Lovelace") && last.contains("Grace Hopper"), "{last}");
    assert_eq!(last.matches("SUCCEEDED").count(), 2, "{last}");
}
