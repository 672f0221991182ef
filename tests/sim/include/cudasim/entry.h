// How a module image tells the simulated driver about its kernels: one exported record for each.
#pragma once

#include <stddef.h>

#include <type_traits>
#include <utility>

namespace cudasim {

constexpr unsigned kEntryVersion = 1;

struct KernelEntry {
  unsigned version;                  // kEntryVersion of the image
  const char* name;
  void (*run_thread)(void** values);  // runs the kernel's body for cudasim_current
  unsigned parameters;
  const unsigned* sizes;             // bytes of each parameter
  const unsigned* alignments;
  unsigned max_threads;              // of __launch_bounds__, else 1024
};

template <class... Parameters>
struct ParameterLayout {
  // The trailing entry keeps the arrays legal for a kernel without parameters.
  static constexpr unsigned sizes[] = {unsigned(sizeof(Parameters))..., 0};
  static constexpr unsigned alignments[] = {unsigned(alignof(Parameters))..., 0};
};

template <auto kernel, class Signature = decltype(kernel)>
struct Entry;

template <auto kernel, class... Parameters>
struct Entry<kernel, void (*)(Parameters...)> {
  template <size_t... i>
  static void call(void** values, std::index_sequence<i...>) {
    kernel(*static_cast<std::remove_cv_t<Parameters>*>(values[i])...);
  }

  static void run_thread(void** values) { call(values, std::index_sequence_for<Parameters...>{}); }

  static constexpr KernelEntry record(const char* name, unsigned max_threads) {
    using Layout = ParameterLayout<Parameters...>;
    return {kEntryVersion, name, &run_thread, sizeof...(Parameters), Layout::sizes,
            Layout::alignments, max_threads};
  }
};

}  // namespace cudasim
