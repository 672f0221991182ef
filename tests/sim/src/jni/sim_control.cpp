// cudasim_control.h for Java: the native methods of dev.kiln.cuda.sim.SimControl.
#include <cudasim_control.h>
#include <jni.h>

#include <string>
#include <vector>

namespace {

std::string text(JNIEnv* env, jstring string) {
  const char* characters = env->GetStringUTFChars(string, nullptr);
  std::string copy = characters;
  env->ReleaseStringUTFChars(string, characters);
  return copy;
}

// What a function writes to a buffer, as a string.
jstring given(JNIEnv* env, size_t (*write)(char*, size_t)) {
  std::vector<char> characters(write(nullptr, 0) + 1);
  write(characters.data(), characters.size());
  return env->NewStringUTF(characters.data());
}

}  // namespace

#define SIM_NATIVE(result, name) \
  extern "C" JNIEXPORT result JNICALL Java_dev_kiln_cuda_sim_SimControl_##name

SIM_NATIVE(void, fail)(JNIEnv* env, jclass, jstring function, jlong nth, jlong times, jint status) {
  cuSimFail(text(env, function).c_str(), nth, times, status);
}

SIM_NATIVE(void, failLater)(JNIEnv* env, jclass, jstring function, jlong nth, jint status) {
  cuSimFailLater(text(env, function).c_str(), nth, status);
}

SIM_NATIVE(void, clearFailures)(JNIEnv*, jclass) { cuSimClearFailures(); }

SIM_NATIVE(jlong, calls)(JNIEnv* env, jclass, jstring function) {
  return cuSimCalls(text(env, function).c_str());
}

SIM_NATIVE(void, resetCalls)(JNIEnv*, jclass) { cuSimResetCalls(); }

SIM_NATIVE(jstring, called)(JNIEnv* env, jclass) { return given(env, cuSimCalled); }
SIM_NATIVE(jstring, report)(JNIEnv* env, jclass) { return given(env, cuSimReport); }
SIM_NATIVE(void, clearReport)(JNIEnv*, jclass) { cuSimClearReport(); }
SIM_NATIVE(void, heal)(JNIEnv*, jclass) { cuSimHeal(); }

SIM_NATIVE(void, setTotalMemory)(JNIEnv*, jclass, jlong bytes) {
  cuSimSetTotalMemory(size_t(bytes));
}

SIM_NATIVE(jlong, memoryUsed)(JNIEnv*, jclass) { return jlong(cuSimMemoryUsed()); }
SIM_NATIVE(jlong, memoryPeak)(JNIEnv*, jclass) { return jlong(cuSimMemoryPeak()); }
SIM_NATIVE(void, resetMemoryPeak)(JNIEnv*, jclass) { cuSimResetMemoryPeak(); }
SIM_NATIVE(jlong, allocations)(JNIEnv*, jclass) { return jlong(cuSimAllocations()); }

SIM_NATIVE(void, setReverse)(JNIEnv*, jclass, jboolean on) { cuSimSetReverse(on); }
SIM_NATIVE(void, setDeferred)(JNIEnv*, jclass, jboolean on) { cuSimSetDeferred(on); }
SIM_NATIVE(void, setThreads)(JNIEnv*, jclass, jint threads) { cuSimSetThreads(unsigned(threads)); }
SIM_NATIVE(void, setQuiet)(JNIEnv*, jclass, jboolean on) { cuSimSetQuiet(on); }
