import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { UnsupportedError } from "../../../src/core/errors.js";
import { findMpi, localExchange, openExchange, readLaunch, threadsPerProcess } from "../../../src/exchange/index.js";
import { loadMpi } from "../../../src/exchange/mpi/library.js";

describe("the launcher", () => {
  it("is nobody where a process was started by itself, and then nothing is loaded", () => {
    assert.equal(readLaunch({}), null);
    assert.equal(openExchange(), localExchange);
    assert.equal(openExchange(), openExchange());
  });

  it("is told by what its mpiexec sets", () => {
    assert.deepEqual(readLaunch({ PMI_RANK: "2", PMI_SIZE: "5", MPI_LOCALNRANKS: "3" }), {
      family: "mpich",
      rank: 2,
      size: 5,
      onThisMachine: 3,
    });
    const openMpi = { OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "7", OMPI_COMM_WORLD_LOCAL_SIZE: "2" };
    assert.deepEqual(readLaunch({ ...openMpi, PMIX_RANK: "1" }), {
      family: "open-mpi",
      rank: 1,
      size: 7,
      onThisMachine: 2,
    });
    assert.equal(readLaunch({ PMI_SIZE: "many" }), null);
  });

  it("leaves each process its share of the machine's cores, one at least", () => {
    const launch = { family: "mpich", rank: 0, size: 3, onThisMachine: 3 } as const;
    assert.deepEqual(
      [threadsPerProcess(7, null), threadsPerProcess(7, launch), threadsPerProcess(2, launch)],
      [7, 2, 1],
    );
  });
});

describe("findMpi", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "mpi-"));
    await mkdir(join(folder, "bin"));
    await mkdir(join(folder, "lib"));
    await writeFile(join(folder, "bin", "mpiexec"), "");
    await writeFile(join(folder, "lib", "libmpi_abi.so.1"), "no library");
  });
  after(() => rm(folder, { recursive: true }));

  it("looks beside the mpiexec on the path, then where the loader looks, for the launcher's family alone", () => {
    const found = findMpi("mpich", { PATH: join(folder, "bin") }, "linux");
    assert.equal(found[0].library, join(folder, "lib", "libmpi_abi.so.1"));
    assert.deepEqual(
      found.slice(1).map(({ library }) => library),
      ["libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.so.12", "libmpich.so.12"],
    );
    const openMpi = findMpi("open-mpi", { PATH: "" }, "darwin").map(({ library }) => library);
    assert.deepEqual(openMpi, ["libmpi_abi.1.dylib", "libmpi.40.dylib", "libmpi.80.dylib"]);
    assert.deepEqual(findMpi("mpich", {}, "win32"), []);
  });

  it("takes the library that is named, and its ABI from the name", () => {
    const abi = (library: string) => findMpi(null, { AXIAL_LAB_MPI: library }, "linux").map((one) => one.abi.name);
    assert.deepEqual(abi("/opt/lib/libmpi_abi.so.1"), ["the standard ABI of MPI 5"]);
    assert.deepEqual(abi("/opt/lib/libmpi.so.40"), ["Open MPI's ABI"]);
    assert.deepEqual(abi("/opt/cray/libmpi_cray.so.12"), ["MPICH's ABI"]);
  });

  it("gives the loader's own words where a library does not load", () => {
    const [candidate] = findMpi("mpich", { PATH: join(folder, "bin") }, "linux");
    assert.throws(
      () => loadMpi(candidate),
      (error) =>
        error instanceof UnsupportedError && /mpi: a library must load, got .+libmpi_abi\.so\.1/.test(error.message),
    );
  });
});
