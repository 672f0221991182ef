package dev.kiln.cuda;

import dev.kiln.cuda.find.Surroundings;
import java.io.IOException;
import java.nio.file.Files;

/** What to do about what is missing: commands that can be copied, for the machine at hand. */
final class Mends {
  private static final String RESTART =
      "sudo reboot    # or, without: sudo modprobe nvidia_uvm; nvidia-smi must list the GPU";

  /** Where native code cannot be unpacked. */
  static final String CACHE = "export KILN_CACHE=FOLDER    # one of your own with 100 MB of room";

  private final Surroundings machine;

  Mends(Surroundings machine) {
    this.machine = machine;
  }

  /** Whether this is a container. */
  boolean inContainer() {
    return Files.exists(machine.path("/.dockerenv"))
        || Files.exists(machine.path("/run/.containerenv"))
        || read("/proc/1/cgroup").matches("(?s).*(docker|kubepods|containerd|libpod).*");
  }

  /** Whether this is Linux inside Windows. */
  boolean inWsl() {
    return Files.exists(machine.path("/dev/dxg"))
        || read("/proc/version").toLowerCase(java.util.Locale.ROOT).contains("microsoft");
  }

  private String read(String path) {
    try {
      return Files.readString(machine.path(path));
    } catch (IOException e) {
      return "";
    }
  }

  /** How to get a driver. */
  String driver() {
    if (inWsl()) {
      return "install NVIDIA's driver in Windows (not in WSL): https://www.nvidia.com/drivers\n"
          + "wsl --update    # in Windows, then start WSL again";
    }
    if (inContainer()) {
      return container();
    }
    String system = read("/etc/os-release");
    if (system.contains("ID=ubuntu")) {
      return "sudo ubuntu-drivers install && sudo reboot";
    }
    if (system.contains("ID=debian")) {
      return "sudo apt install nvidia-driver    # of Debian's component non-free\nsudo reboot";
    }
    return "install NVIDIA's driver: https://www.nvidia.com/drivers";
  }

  /** How to give a container the GPU. */
  String container() {
    return "docker run --gpus all ...    # start this container with it\n"
        + "on the host, if Docker does not know --gpus: sudo apt install nvidia-container-toolkit"
        + " && sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker";
  }

  /** How to get cuBLAS, cuDNN and NVRTC for a driver. */
  String libraries(int driverVersion) {
    String wheels =
        driverVersion >= 13000
            ? "nvidia-cublas nvidia-cudnn-cu13 nvidia-cuda-nvrtc"
            : "nvidia-cublas-cu12 nvidia-cudnn-cu12 nvidia-cuda-nvrtc-cu12";
    return "python3 -m venv ~/kiln-cuda && ~/kiln-cuda/bin/pip install "
        + wheels
        + "\nexport KILN_CUDA_PATH=~/kiln-cuda\n"
        + "or with Maven, 2 GB: org.bytedeco:cuda:12.6-9.5-1.5.11:linux-x86_64-redist"
        + " (type jar, scope runtime)";
  }

  /** What to do about a status of cuInit. */
  String init(int status) {
    return switch (status) {
      case 34 ->
          "remove the folder \"stubs\" from LD_LIBRARY_PATH and KILN_CUDA_PATH: its libcuda"
              + " is for linking only";
      case 46 -> "another process has the GPU for itself: nvidia-smi tells which";
      case 100 -> hidden();
      case 802 -> "sudo systemctl start nvidia-fabricmanager    # machines with NVSwitch need it";
      case 803 -> "sudo reboot    # the driver was updated and its old kernel module still runs";
      case 804 -> "remove the folder \"compat\" from LD_LIBRARY_PATH: this GPU cannot use it";
      default -> inContainer() ? container() : RESTART;
    };
  }

  private String hidden() {
    String visible = machine.variables().get("CUDA_VISIBLE_DEVICES");
    if (visible != null) {
      return "unset CUDA_VISIBLE_DEVICES    # it is \"" + visible + "\"";
    }
    return inContainer()
        ? container()
        : "lspci | grep -i nvidia    # must list the GPU\n" + RESTART;
  }
}
