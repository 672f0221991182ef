#include "calls.h"

#include <stdlib.h>
#include <string.h>

#include <set>
#include <string>
#include <vector>

#include "context.h"
#include "stream.h"

namespace cudasim {

std::recursive_mutex& driver_lock() {
  static auto* lock = new std::recursive_mutex();
  return *lock;
}

namespace {

struct OrderedFailure {
  std::string name;  // "*" for any function
  int64_t countdown;
  int64_t times;  // -1: for ever
  int status;
  bool later;

  bool matches(const char* called) const { return name == "*" || name == called; }
};

// At first what CUDASIM_FAIL orders, such as "cuInit=999": calls of a function that always fail.
std::vector<OrderedFailure>& failures() {
  static auto* list = [] {
    auto* fresh = new std::vector<OrderedFailure>();
    const char* text = getenv("CUDASIM_FAIL");
    const char* equals = text ? strchr(text, '=') : nullptr;
    if (equals) fresh->push_back({{text, equals}, 1, -1, atoi(equals + 1), false});
    return fresh;
  }();
  return *list;
}

}  // namespace

struct Registry {
  static inline std::atomic<CallSite*> first{nullptr};

  static void add(CallSite* site) {
    site->next_ = first.load();
    while (!first.compare_exchange_weak(site->next_, site)) {
    }
  }

  template <class Visit>
  static void each(const char* name, Visit visit) {
    for (CallSite* site = first; site; site = site->next_) {
      if (!strcmp(name, "*") || !strcmp(name, site->name_)) visit(site->calls_);
    }
  }

  static std::set<std::string> called() {
    std::set<std::string> names;
    for (CallSite* site = first; site; site = site->next_) {
      if (site->calls_ > 0) names.insert(site->name_);
    }
    return names;
  }
};

CallSite::CallSite(const char* name) : name_(name) { Registry::add(this); }

int CallSite::ordered_failure(bool* later) {
  std::vector<OrderedFailure>& list = failures();
  for (size_t i = 0; i < list.size(); i++) {
    OrderedFailure& failure = list[i];
    if (!failure.matches(name_) || --failure.countdown > 0) continue;
    int status = failure.status;
    *later = failure.later;
    if (failure.times > 0 && --failure.times == 0) list.erase(list.begin() + long(i));
    return status;
  }
  return 0;
}

void order_failure(const char* name, int64_t nth, int64_t times, int status, bool later) {
  std::lock_guard<std::recursive_mutex> hold(driver_lock());
  failures().push_back({name, nth, times, status, later});
}

void clear_failures() {
  std::lock_guard<std::recursive_mutex> hold(driver_lock());
  failures().clear();
}

int64_t count_calls(const char* name) {
  int64_t sum = 0;
  Registry::each(name, [&](std::atomic<int64_t>& calls) { sum += calls; });
  return sum;
}

std::string names_of_called() {
  std::string text;
  for (const std::string& name : Registry::called()) text += (text.empty() ? "" : " ") + name;
  return text;
}

void clear_counts() {
  Registry::each("*", [](std::atomic<int64_t>& calls) { calls = 0; });
}

ApiCall::ApiCall(CallSite& site, unsigned needs) : lock_(driver_lock()) {
  site.count();
  bool later = false;
  if (int status = site.ordered_failure(&later)) {
    if (later) {
      strikes_later_ = status;
    } else {
      status_ = CUresult(status);
      return;
    }
  }
  if ((needs & kDriver) && !driver_initialised()) {
    status_ = CUDA_ERROR_NOT_INITIALIZED;
    return;
  }
  Context* context = current_context();
  if ((needs & 2) && !context) {
    status_ = CUDA_ERROR_INVALID_CONTEXT;
    return;
  }
  if (needs & 4) status_ = context->error;
  if (!status_ && (needs & 8)) status_ = forbid_in_capture(context);
}

ApiCall::~ApiCall() {
  if (!strikes_later_) return;
  if (Context* context = current_context()) {
    context->fail(CUresult(strikes_later_), "a failure ordered by the test");
  }
}

}  // namespace cudasim
