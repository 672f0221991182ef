#include "worker.h"

#include <mutex>
#include <string.h>
#include <sys/mman.h>
#include <thread>

__thread cudasim::Thread* cudasim_current = nullptr;

// Of the C library: this OS thread's copy of an image's thread-local bytes, made on first use.
extern "C" void* __tls_get_addr(cudasim::SharedImage::Index* index);

namespace cudasim {

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kSharedBytes = (kMaxDynamicShared + kPage - 1) / kPage * kPage;

std::mutex report_lock;

std::string triple(unsigned x, unsigned y, unsigned z) {
  return format("(%u,%u,%u)", x, y, z);
}

}  // namespace

Worker::Worker() {
  shared_ = static_cast<char*>(mmap(nullptr, kSharedBytes + kPage, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  mprotect(shared_ + kSharedBytes, kPage, PROT_NONE);
  main_.worker = this;
  main_.block = &block_;
}

Worker::~Worker() {
  munmap(shared_, kSharedBytes + kPage);
  for (Fiber* fiber : fibers_) {
    destroy_stack(fiber);
    delete fiber;
  }
}

void Worker::run(Launch& launch) {
  launch_ = &launch;
  blocks_run_ = 0;
  threads_ = launch.block.x * launch.block.y * launch.block.z;
  block_.threads = launch.block;
  block_.grid = launch.grid;
  latest_ = {};
  static_shared_ = find_static_shared();
  block_.dynamic_shared = shared_ + kSharedBytes - (launch.dynamic_shared + 15) / 16 * 16;
  Thread* before = cudasim_current;
  cudasim_current = &main_;
  if (!guard_.run([](void* self) { static_cast<Worker*>(self)->run_blocks(); }, this)) {
    if (guard_.fault().signal) explain_fault();
    reset_fibers();
  }
  cudasim_current = before;
}

void Worker::run_blocks() {
  uint64_t blocks = uint64_t(launch_->grid.x) * launch_->grid.y * launch_->grid.z;
  for (;;) {
    uint64_t number = launch_->next_block.fetch_add(1, std::memory_order_relaxed);
    if (number >= blocks || launch_->status.load(std::memory_order_relaxed)) return;
    run_block(launch_->order == Order::kReverse ? blocks - 1 - number : number);
  }
}

void Worker::run_block(uint64_t number) {
  const dim3& grid = launch_->grid;
  block_.index = {unsigned(number % grid.x), unsigned(number / grid.x % grid.y),
                  unsigned(number / grid.x / grid.y)};
  prepare_shared_memory();
  started_ = 0;
  alive_ = threads_;
  arrived_ = 0;
  at_barrier_.clear();
  runnable_.clear();
  next_runnable_ = 0;
  block_time_++;
  for (unsigned first = 0; first < threads_; first += 32) {
    Warp& warp = warps_[first / 32];
    warp.arrived = 0;
    warp.alive = threads_ - first >= 32 ? ~0u : (1u << (threads_ - first)) - 1;
  }
  yield();
  if (alive_) fail_deadlock();
}

// --- scheduling ---

// Goes on with a thread that can run, or starts one, or returns to the loop over the blocks.
void __attribute__((noinline)) Worker::yield() {
  auto* self = static_cast<Fiber*>(cudasim_current);
  Fiber* next;
  if (next_runnable_ < runnable_.size()) {
    // Before new threads start: a warp's 32 stacks stay warm that way.
    next = runnable_[next_runnable_++];
    if (next_runnable_ == runnable_.size()) {
      runnable_.clear();
      next_runnable_ = 0;
    }
  } else if (started_ < threads_) {
    next = idle_fiber();
  } else {
    next = &main_;
  }
  if (next != self) switch_fiber(self, next);
}

Fiber* Worker::idle_fiber() {
  if (!idle_.empty()) {
    Fiber* fiber = idle_.back();
    idle_.pop_back();
    return fiber;
  }
  auto* fiber = new Fiber();
  fiber->worker = this;
  fiber->block = &block_;
  create_stack(fiber, unsigned(fibers_.size()), &Worker::thread_loop);
  fibers_.push_back(fiber);
  return fiber;
}

void Worker::thread_loop() {
  for (;;) {
    auto* self = static_cast<Fiber*>(cudasim_current);
    self->worker->run_threads(self);
    self->worker->idle_.push_back(self);
    self->worker->yield();
  }
}

// One thread after the other on one stack, as long as none of them has to wait: a kernel without
// barriers is a plain loop.
void Worker::run_threads(Fiber* self) {
  void (*run_thread)(void**) = launch_->kernel->run_thread;
  while (started_ < threads_) {
    unsigned number = started_++;
    unsigned linear = launch_->order == Order::kReverse ? threads_ - 1 - number : number;
    const dim3& size = block_.threads;
    self->linear = linear;
    self->index = {linear % size.x, linear / size.x % size.y, linear / (size.x * size.y)};
    run_thread(launch_->values);
    finish_thread(self);
  }
}

void Worker::finish_thread(Fiber* fiber) {
  Warp& warp = warps_[fiber->linear / 32];
  warp.alive &= ~(1u << (fiber->linear & 31));
  alive_--;
  // Those who wait for this thread need wait no longer.
  for (uint32_t rest = warp.arrived; rest; rest &= warp.arrived & (rest - 1)) {
    try_complete(warp, warp.mask[__builtin_ctz(rest)], -1);
  }
  if (alive_ && arrived_ == alive_) release_barrier();
}

void Worker::reset_fibers() {
  idle_.clear();
  for (size_t i = 0; i < fibers_.size(); i++) {
    restart_stack(fibers_[i], unsigned(i), &Worker::thread_loop);
    idle_.push_back(fibers_[i]);
  }
}

// --- meeting ---

unsigned __attribute__((noinline)) Worker::barrier(BarrierOp op, unsigned value, int line) {
  auto* self = static_cast<Fiber*>(cudasim_current);
  if (arrived_ == 0) {
    barrier_op_ = op;
    barrier_line_ = line;
    barrier_value_ = op == kBarrierAnd;
  } else if (line != barrier_line_ || op != barrier_op_) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         format("waits at the __syncthreads of line %d while others wait at that of line %d: a "
                "barrier in divergent code",
                line, barrier_line_));
  }
  switch (op) {
    case kBarrierCount: barrier_value_ += value; break;
    case kBarrierOr: barrier_value_ |= value; break;
    case kBarrierAnd: barrier_value_ &= value; break;
  }
  if (++arrived_ == alive_) {
    release_barrier();
  } else {
    at_barrier_.push_back(self);
    yield();
  }
  return barrier_result_;
}

void Worker::release_barrier() {
  barrier_result_ = barrier_value_;
  barrier_value_ = 0;
  arrived_ = 0;
  block_time_++;
  runnable_.insert(runnable_.end(), at_barrier_.begin(), at_barrier_.end());
  at_barrier_.clear();
}

uint64_t __attribute__((noinline)) Worker::warp_op(WarpOp op, uint32_t mask, uint64_t value,
                                                   int argument, int width) {
  auto* self = static_cast<Fiber*>(cudasim_current);
  Warp& warp = warps_[self->linear / 32];
  int lane = int(self->linear & 31);
  if (!(mask >> lane & 1)) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         format("calls %s with the mask %08x, which leaves out its own lane %d", warp_op_name(op),
                mask, lane));
  }
  warp.op[lane] = op;
  warp.mask[lane] = mask;
  warp.value[lane] = value;
  warp.argument[lane] = argument;
  warp.width[lane] = width;
  warp.waiting[lane] = self;
  warp.arrived |= 1u << lane;
  if (!try_complete(warp, mask, lane)) yield();
  return warp.result[lane];
}

// Lets the lanes of the mask go on if all that live have arrived; `self` runs already, or is -1.
bool Worker::try_complete(Warp& warp, uint32_t mask, int self) {
  uint32_t group = mask & warp.alive;
  if ((warp.arrived & group) != group) return false;
  if (!group) return true;
  int op = warp.op[__builtin_ctz(group)];
  for (uint32_t rest = group; rest; rest &= rest - 1) {
    int lane = __builtin_ctz(rest);
    if (warp.mask[lane] != mask) {
      fail(CUDA_ERROR_LAUNCH_FAILED,
           format("%s: lane %d came with the mask %08x, others with %08x",
                  warp_op_name(warp.op[lane]), lane, warp.mask[lane], mask));
    }
    if (warp.op[lane] != op) {
      fail(CUDA_ERROR_LAUNCH_FAILED, format("lanes of one mask %08x wait at %s and at %s", mask,
                                            warp_op_name(op), warp_op_name(warp.op[lane])));
    }
  }
  complete_warp(warp, group);
  warp.time++;
  warp.arrived &= ~group;
  uint32_t sleeping = self >= 0 ? group & ~(1u << self) : group;
  for (uint32_t rest = sleeping; rest; rest &= rest - 1) {
    runnable_.push_back(warp.waiting[__builtin_ctz(rest)]);
  }
  return true;
}

uint32_t Worker::active_lanes() const { return warps_[cudasim_current->linear / 32].alive; }

// --- shared memory ---

// Unset shared memory must look unset: the first blocks of a launch find NaN there. Not every block,
// since clearing what a block does not use costs more than running it.
void Worker::prepare_shared_memory() {
  if (blocks_run_++ >= 2) return;
  if (launch_->dynamic_shared) memset(block_.dynamic_shared, 0xff, launch_->dynamic_shared);
  if (static_shared_.bytes) {
    memset(reinterpret_cast<void*>(static_shared_.start), 0xff, static_shared_.bytes);
  }
}

// This OS thread's copy of the image's static shared memory.
Range Worker::find_static_shared() const {
  const SharedImage& image = launch_->image;
  if (!image.bytes) return {};
  SharedImage::Index start = {image.module, 0};
  return {reinterpret_cast<uintptr_t>(__tls_get_addr(&start)), image.bytes};
}

// --- failing ---

std::string Worker::where(const Thread* thread) const {
  return "block " + triple(block_.index.x, block_.index.y, block_.index.z) + " thread " +
         triple(thread->index.x, thread->index.y, thread->index.z);
}

void Worker::fail(CUresult status, const std::string& what) {
  {
    std::lock_guard<std::mutex> hold(report_lock);
    if (!launch_->status) {
      launch_->report = std::string(launch_->kernel->name) + ": " + where(cudasim_current) + " " +
                        what;
      launch_->status = status;
    }
  }
  guard_.escape();
}

void Worker::explain_fault() {
  const HardwareFault& fault = guard_.fault();
  auto* fiber = static_cast<Fiber*>(cudasim_current);
  CUresult status = CUDA_ERROR_ILLEGAL_ADDRESS;
  std::string what;
  if (fault.signal == SIGFPE) {
    status = CUDA_ERROR_LAUNCH_FAILED;
    what = "divides an integer by zero, which is undefined on a GPU";
  } else if (fault.signal == SIGILL) {
    status = CUDA_ERROR_ILLEGAL_INSTRUCTION;
    what = "reached code that must never run";
  } else if (overflows_stack(fiber, fault.address)) {
    status = CUDA_ERROR_LAUNCH_FAILED;
    what = "needs more local memory than the simulator's 128 KiB a thread";
  } else {
    what = std::string(fault.is_write ? "writes to " : "reads from ") +
           explain_address(fault.address);
    uintptr_t shared = reinterpret_cast<uintptr_t>(shared_);
    if (fault.address >= shared && fault.address < shared + kSharedBytes + kPage) {
      what = format("%s %zu bytes behind the %zu bytes of dynamic shared memory",
                    fault.is_write ? "writes" : "reads",
                    size_t(fault.address - (shared + kSharedBytes)), launch_->dynamic_shared);
    }
  }
  std::lock_guard<std::mutex> hold(report_lock);
  if (launch_->status) return;
  launch_->report = std::string(launch_->kernel->name) + ": " + where(fiber) + " " + what;
  launch_->status = status;
}

void Worker::fail_deadlock() {
  std::string warps;
  for (unsigned w = 0; w * 32 < threads_; w++) {
    const Warp& warp = warps_[w];
    if (!warp.arrived) continue;
    int lane = __builtin_ctz(warp.arrived);
    warps += format("; lanes %08x of warp %u wait in %s for the mask %08x", warp.arrived, w,
                    warp_op_name(warp.op[lane]), warp.mask[lane]);
  }
  if (arrived_) {
    warps += format("; %u threads wait in the __syncthreads of line %d", arrived_, barrier_line_);
  }
  {
    std::lock_guard<std::mutex> hold(report_lock);
    if (!launch_->status) {
      launch_->report =
          std::string(launch_->kernel->name) + ": block " +
          triple(block_.index.x, block_.index.y, block_.index.z) +
          format(" hangs: %u of its threads never get on", alive_) + warps;
      launch_->status = CUDA_ERROR_LAUNCH_FAILED;
    }
  }
  guard_.escape();
}

// --- the grid ---

namespace {

// Workers are kept: their stacks are warm and their memory is mapped.
std::mutex workers_lock;
std::vector<Worker*> free_workers;

Worker* take_worker() {
  std::lock_guard<std::mutex> hold(workers_lock);
  if (free_workers.empty()) return new Worker();
  Worker* worker = free_workers.back();
  free_workers.pop_back();
  return worker;
}

void give_worker(Worker* worker) {
  std::lock_guard<std::mutex> hold(workers_lock);
  free_workers.push_back(worker);
}

void work_on(Launch& launch) {
  Worker* worker = take_worker();
  worker->run(launch);
  give_worker(worker);
}

}  // namespace

void run_launch(Launch& launch, unsigned os_threads) {
  // Starting an OS thread costs as much as running thousands of simulated ones.
  constexpr uint64_t kWorthAnotherThread = 16384;
  uint64_t blocks = uint64_t(launch.grid.x) * launch.grid.y * launch.grid.z;
  uint64_t threads = blocks * launch.block.x * launch.block.y * launch.block.z;
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < os_threads && i < blocks && threads >= kWorthAnotherThread; i++) {
    helpers.emplace_back([&launch] { work_on(launch); });
  }
  work_on(launch);
  for (std::thread& helper : helpers) helper.join();
}

}  // namespace cudasim

// --- the entry points of module images ---

using cudasim::Worker;

CUDASIM_API unsigned cudasim_barrier(int op, unsigned value, int line) {
  return Worker::current()->barrier(cudasim::BarrierOp(op), value, line);
}

CUDASIM_API uint64_t cudasim_warp(int op, uint32_t mask, uint64_t value, int argument, int width) {
  return Worker::current()->warp_op(cudasim::WarpOp(op), mask, value, argument, width);
}

CUDASIM_API uint32_t cudasim_active_lanes(void) { return Worker::current()->active_lanes(); }

CUDASIM_API void cudasim_assert(const char* condition, const char* file, unsigned line) {
  Worker::current()->fail(
      CUDA_ERROR_ASSERT, cudasim::format("fails assert(%s) at %s:%u", condition, file, line));
}

CUDASIM_API void cudasim_trap(void) {
  Worker::current()->fail(CUDA_ERROR_LAUNCH_FAILED, "calls __trap()");
}
