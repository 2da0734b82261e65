//! A file system of a few MiB for one test, to be filled.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const MIB: usize = 1024 * 1024;
/// A file system of memory that is not ours alone may be filled where it is as small as that: Docker gives each container
/// a `/dev/shm` of 64 MiB.
const SHARED_MAX: usize = 128 * MIB;
const SHARED: &str = "/dev/shm";

/// A small file system at a directory, and a file on it that takes up the room.
pub struct SmallDisk {
    holds: Holds,
    /// Where programs find it that starts within it.
    directory: PathBuf,
    size: usize,
}

/// What keeps the file system there.
enum Holds {
    /// A process with mounts of its own, which ends with us: it reads from a pipe of ours.
    Process { child: Child, is_user_mapped: bool },
    /// A mount that everybody sees.
    Sudo,
    /// Nothing: it was there before. The lock keeps others of these tests from filling it, too.
    Shared { _lock: File },
}

impl SmallDisk {
    /// Mounts one of so many MiB at a directory: seen by nobody else where we may have mounts of our own, as root or as a
    /// user who may be root to himself; else by `sudo -n`. Where nothing may be mounted, as in a container, the small
    /// `/dev/shm` that containers have serves, however large it is.
    ///
    /// # Panics
    /// Where none of this can be done.
    pub fn mount(directory: PathBuf, mib: usize) -> Self {
        let size = mib * MIB;
        let mut why = Vec::new();
        for is_user_mapped in [false, true] {
            match hold(&directory, size, is_user_mapped) {
                Ok(child) => return Self { holds: Holds::Process { child, is_user_mapped }, directory, size },
                Err(said) => why.push(said),
            }
        }
        match mount_by_sudo(&directory, size) {
            Ok(()) => return Self { holds: Holds::Sudo, directory, size },
            Err(said) => why.push(said),
        }
        match size_of(SHARED) {
            Ok(size) if size <= SHARED_MAX => {
                let shared = Path::new(SHARED).join(directory.file_name().expect("a directory has a name"));
                let lock = File::open(SHARED).and_then(|file| file.lock().map(|()| file)).expect("a lock of /dev/shm");
                std::fs::create_dir(&shared).expect("a directory in /dev/shm");
                std::fs::remove_dir(&directory).expect("nothing is in a directory to be mounted at");
                return Self { holds: Holds::Shared { _lock: lock }, directory: shared, size };
            }
            Ok(size) => why.push(format!("{SHARED} has {} MiB, and is not filled beyond 128", size / MIB)),
            Err(said) => why.push(said),
        }
        panic!(
            "no small file system can be made: run the tests as root, as a user who may have namespaces (sysctl \
             user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0) or `sudo -n`, or with a {SHARED} of \
             at most 128 MiB. Tried: {}",
            why.join("; ")
        );
    }

    /// Where it is for a program that starts within it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What a command that is to see it begins with: a program and its first arguments.
    pub(crate) fn enter(&self) -> Vec<String> {
        let Holds::Process { child, is_user_mapped } = &self.holds else { return Vec::new() };
        let mut enter = vec!["nsenter".to_owned(), format!("--target={}", child.id()), "--mount".to_owned()];
        if *is_user_mapped {
            enter.extend(["--user".to_owned(), "--preserve-credentials".to_owned()]);
        }
        enter
    }

    /// Takes up all the room that is left.
    ///
    /// # Panics
    /// Where it never ends.
    pub fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.ballast()).expect("a file of ballast");
        // Down to the last page. Never more than there is: should this not be the small disk, the large one stays usable.
        for piece in [64 * 1024, 4096] {
            for written in 0.. {
                assert!(written * piece <= self.size, "{} is no small file system", self.directory.display());
                match ballast.write(&vec![1; piece]) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("ballast cannot be written: {error}"),
                }
            }
        }
    }

    /// Gives the room back.
    ///
    /// # Panics
    /// Where it was never filled.
    pub fn clear(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast can be removed");
    }

    /// As we reach it ourselves.
    fn ballast(&self) -> PathBuf {
        let seen = match &self.holds {
            Holds::Process { child, .. } => format!("/proc/{}/root{}", child.id(), self.directory.display()).into(),
            Holds::Sudo | Holds::Shared { .. } => self.directory.clone(),
        };
        seen.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        match &mut self.holds {
            // With its last process, the file system goes.
            Holds::Process { child, .. } => {
                let _ended = child.kill();
                let _ended = child.wait();
            }
            Holds::Sudo => {
                let _left = Command::new("sudo").args(["-n", "umount", "--lazy"]).arg(&self.directory).status();
                let _left = std::fs::remove_dir(&self.directory);
            }
            Holds::Shared { .. } => {
                let _left = std::fs::remove_dir_all(&self.directory);
            }
        }
    }
}

/// Begins a process with mounts of its own, one of them at the directory. Returns what is said against it.
fn hold(directory: &Path, size: usize, is_user_mapped: bool) -> Result<Child, String> {
    let mut command = Command::new("unshare");
    command.arg("--mount").args(is_user_mapped.then_some(["--user", "--map-root-user"]).into_iter().flatten());
    // Where the name is taken in by the shell, nothing in it is more than a name.
    let script = format!("mount -t tmpfs -o size={size},mode=700 tmpfs \"$0\" && echo mounted && exec cat");
    command.args(["sh", "-c", &script]).arg(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("unshare, of util-linux: {error}"))?;
    let mut line = String::new();
    let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
    if matches!(read, Some(Ok(_))) && line == "mounted\n" {
        return Ok(child);
    }
    let ended = child.wait_with_output().map_err(|error| error.to_string())?;
    Err(String::from_utf8_lossy(&ended.stderr).trim().to_owned())
}

fn mount_by_sudo(directory: &Path, size: usize) -> Result<(), String> {
    let own = std::fs::metadata("/proc/self").map_err(|error| error.to_string())?;
    let options = format!("size={size},mode=700,uid={},gid={}", own.uid(), own.gid());
    let mut mount = Command::new("sudo");
    mount.args(["-n", "mount", "-t", "tmpfs", "-o", &options, "tmpfs"]).arg(directory);
    let done = mount.output().map_err(|error| format!("sudo: {error}"))?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()) }
}

/// The bytes of a file system, used or not.
fn size_of(directory: &str) -> Result<usize, String> {
    let told = Command::new("stat").args(["--file-system", "--format=%S %b", directory]).output();
    let told = told.map_err(|error| format!("stat: {error}"))?;
    let text = String::from_utf8_lossy(&told.stdout);
    let size = text
        .trim()
        .split_once(' ')
        .and_then(|(of, blocks)| Some(of.parse::<usize>().ok()? * blocks.parse::<usize>().ok()?));
    size.ok_or_else(|| format!("{directory}: {}", String::from_utf8_lossy(&told.stderr).trim()))
}
