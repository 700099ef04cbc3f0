//! The inputs of the fuzz targets (`fuzz/`), those that once failed among them, and changes of each.

use std::{collections::BTreeSet, fs, path::PathBuf};

use rand::{Rng, SeedableRng, rngs::SmallRng};

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use targets::{TARGETS, run};

/// Changed forms of each input.
const CHANGES: usize = 50;

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fuzz", name].iter().collect()
}

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder("corpus").join(target)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// A few bytes replaced, removed, doubled, or taken from another input.
fn change(input: &mut Vec<u8>, other: &[u8], chance: &mut SmallRng) {
    for _ in 0..chance.random_range(1..4) {
        let at = chance.random_range(0..=input.len());
        match chance.random_range(0..4) {
            0 if at < input.len() => input[at] = chance.random(),
            1 if at < input.len() => {
                input.remove(at);
            }
            2 => {
                let end = input.len().min(at + 8);
                let part = input[at..end].to_vec();
                input.splice(at..at, part);
            }
            _ => {
                let from = chance.random_range(0..=other.len());
                let end = other.len().min(from + 16);
                input.splice(at..at, other[from..end].iter().copied());
            }
        }
    }
}

#[test]
fn every_input_holds_and_so_does_what_is_made_from_it() {
    for (target, _) in TARGETS {
        let inputs = inputs(target);
        let mut chance = SmallRng::seed_from_u64(1);
        for input in &inputs {
            run(target, input);
            for _ in 0..CHANGES {
                let mut changed = input.clone();
                change(&mut changed, &inputs[chance.random_range(0..inputs.len())], &mut chance);
                let shown = String::from_utf8_lossy(&changed).into_owned();
                let held = std::panic::catch_unwind(|| run(target, &changed));
                assert!(held.is_ok(), "{target}: {shown:?}");
            }
        }
    }
}

#[test]
fn every_target_has_a_program_and_inputs() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let manifest: toml::Table = fs::read_to_string(folder("Cargo.toml")).unwrap().parse().unwrap();
    let programs = manifest["bin"].as_array().unwrap().iter();
    let programs = programs.map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, programs);
    for name in names {
        let program = fs::read_to_string(folder("fuzz_targets").join(format!("{name}.rs")));
        assert!(program.unwrap().contains(&format!("\"{name}\"")), "{name}");
        assert!(!inputs(&name).is_empty(), "{name}");
    }
}
