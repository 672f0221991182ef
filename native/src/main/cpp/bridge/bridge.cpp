// A library with the name and symbol versions of libcublas.so.12, under which JCuda's natives load,
// that hands every call on to another cuBLAS: how CUDA 13 serves programs linked to CUDA 12.
//
// The entry points are in stubs.S. Java (dev.kiln.cuda.Bridge) says which library they lead to.
#include <dlfcn.h>
#include <jni.h>

#include <stdio.h>
#include <string.h>

#define BRIDGE_HIDDEN __attribute__((visibility("hidden")))

extern "C" {
extern BRIDGE_HIDDEN void* kiln_bridge_slots[];
extern BRIDGE_HIDDEN const char kiln_bridge_names[];  // one after another; an empty one ends them

// Where a function leads that the library behind does not have.
BRIDGE_HIDDEN int kiln_bridge_missing() { return 15; }  // CUBLAS_STATUS_NOT_SUPPORTED
}

namespace {
char problem[1024];
}  // namespace

#define BRIDGE_NATIVE(result, name) \
  extern "C" JNIEXPORT result JNICALL Java_dev_kiln_cuda_Bridge_##name

// Leads all functions to a library. Returns how many it lacks, or -1 if it cannot be loaded.
BRIDGE_NATIVE(jint, connect)(JNIEnv* env, jclass, jstring path) {
  const char* text = env->GetStringUTFChars(path, nullptr);
  if (!text) return -1;
  void* library = dlopen(text, RTLD_NOW | RTLD_LOCAL);
  env->ReleaseStringUTFChars(path, text);
  if (!library) {
    const char* error = dlerror();
    snprintf(problem, sizeof problem, "%s", error ? error : "unknown reason");
    return -1;
  }
  jint lacking = 0;
  void** slot = kiln_bridge_slots;
  for (const char* name = kiln_bridge_names; *name; name += strlen(name) + 1, slot++) {
    void* found = dlsym(library, name);
    *slot = found ? found : reinterpret_cast<void*>(&kiln_bridge_missing);
    lacking += !found;
  }
  return lacking;
}

// Why the latest connect returned -1.
BRIDGE_NATIVE(jstring, problem)(JNIEnv* env, jclass) { return env->NewStringUTF(problem); }
