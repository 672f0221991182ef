#include "graph.h"

#include <algorithm>
#include <map>

#include "calls.h"
#include "explain.h"

namespace cudasim {

namespace {

uint64_t captures_made = 0;

std::set<const Graph*>& graphs() {
  static auto* all = new std::set<const Graph*>();
  return *all;
}

std::set<const GraphExec*>& execs() {
  static auto* all = new std::set<const GraphExec*>();
  return *all;
}

Graph* new_graph() {
  auto* graph = new Graph();
  graphs().insert(graph);
  return graph;
}

void delete_graph(Graph* graph) {
  graphs().erase(graph);
  delete graph;
}

bool is_node(const GraphNode* node) {
  for (const Graph* graph : graphs()) {
    for (const auto& known : graph->nodes) {
      if (known.get() == node) return true;
    }
  }
  return false;
}

// Do all nodes belong to the graph?
bool belong(const Graph& graph, const GraphNode* const* nodes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    auto same = [&](const auto& known) { return known.get() == nodes[i]; };
    if (std::none_of(graph.nodes.begin(), graph.nodes.end(), same)) return false;
  }
  return true;
}

CUresult add_node(CUgraphNode* made, Graph* graph, const CUgraphNode* dependencies, size_t count,
                  GraphNodeType type, Work work) {
  if (!made || (count && !dependencies)) return CUDA_ERROR_INVALID_VALUE;
  if (!is_graph(graph) || !belong(*graph, dependencies, count)) return CUDA_ERROR_INVALID_VALUE;
  *made = graph->add(type, std::move(work), {dependencies, dependencies + count});
  return CUDA_SUCCESS;
}

CUresult kernel_work(const CUDA_KERNEL_NODE_PARAMS* node, KernelWork* work) {
  if (!node) return CUDA_ERROR_INVALID_VALUE;
  return make_kernel_work(node->func, {node->gridDimX, node->gridDimY, node->gridDimZ},
                          {node->blockDimX, node->blockDimY, node->blockDimZ},
                          node->sharedMemBytes, node->kernelParams, node->extra, work);
}

CUresult fill_work(const CUDA_MEMSET_NODE_PARAMS* node, FillWork* work) {
  if (!node) return CUDA_ERROR_INVALID_VALUE;
  if (node->elementSize != 1 && node->elementSize != 2 && node->elementSize != 4) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  *work = {node->dst, node->value, node->elementSize, node->width, node->height, node->pitch};
  if (!node->width || !node->height) return CUDA_ERROR_INVALID_VALUE;
  return check_device_range(node->dst,
                            (node->height - 1) * node->pitch + node->width * node->elementSize);
}

GraphPlan::Step* find_step(GraphExec* exec, const GraphNode* node, GraphNodeType type) {
  if (!execs().count(exec)) return nullptr;
  for (GraphPlan::Step& step : exec->plan->steps) {
    if (step.node == node && step.type == type) return &step;
  }
  return nullptr;
}

// A launch that is still queued keeps the plan that it was made with.
void own_plan(GraphExec* exec) {
  if (exec->plan.use_count() > 1) exec->plan = std::make_shared<GraphPlan>(*exec->plan);
}

}  // namespace

std::vector<Capture*>& captures() {
  static auto* all = new std::vector<Capture*>();
  return *all;
}

CaptureMode& thread_capture_mode() {
  thread_local CaptureMode mode = kCaptureGlobal;
  return mode;
}

bool is_graph(const Graph* graph) { return graphs().count(graph) > 0; }

GraphNode* Graph::add(GraphNodeType type, Work work, std::vector<GraphNode*> dependencies) {
  nodes.push_back(std::make_unique<GraphNode>(
      GraphNode{this, type, std::move(work), std::move(dependencies), {}}));
  return nodes.back().get();
}

GraphNodeType type_of(const Work& work) {
  if (std::holds_alternative<KernelWork>(work)) return kNodeKernel;
  if (std::holds_alternative<LibraryWork>(work)) return kNodeKernel;
  if (std::holds_alternative<CopyWork>(work)) return kNodeMemcpy;
  if (std::holds_alternative<FillWork>(work)) return kNodeMemset;
  if (std::holds_alternative<HostWork>(work)) return kNodeHost;
  if (std::holds_alternative<GraphWork>(work)) return kNodeGraph;
  return kNodeEmpty;
}

std::shared_ptr<GraphPlan> make_plan(const Graph& graph, Order order) {
  std::map<const GraphNode*, size_t> position;
  for (size_t i = 0; i < graph.nodes.size(); i++) position[graph.nodes[i].get()] = i;
  std::vector<bool> done(graph.nodes.size());
  auto plan = std::make_shared<GraphPlan>();
  while (plan->steps.size() < graph.nodes.size()) {
    size_t chosen = graph.nodes.size();
    for (size_t i = 0; i < graph.nodes.size(); i++) {
      if (done[i]) continue;
      const auto& needed = graph.nodes[i]->dependencies;
      bool ready = std::all_of(needed.begin(), needed.end(),
                               [&](GraphNode* node) { return done[position.at(node)]; });
      if (!ready) continue;
      chosen = i;
      if (order == Order::kForward) break;
    }
    if (chosen == graph.nodes.size()) return nullptr;
    done[chosen] = true;
    GraphNode* node = graph.nodes[chosen].get();
    GraphPlan::Step step{node, node->type, node->work, {}, chosen};
    for (GraphNode* needed : node->dependencies) step.dependencies.push_back(position.at(needed));
    std::sort(step.dependencies.begin(), step.dependencies.end());
    plan->steps.push_back(std::move(step));
  }
  return plan;
}

CUresult make_copy_work(const CUDA_MEMCPY3D& copy, CopyWork* work);

}  // namespace cudasim

using namespace cudasim;

// --- capturing ---

CUDASIM_API CUresult cuStreamBeginCapture_v2(CUstream handle, CaptureMode mode) {
  CUDASIM_ENTER("cuStreamBeginCapture", kHealthy);
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (mode < kCaptureGlobal || mode > kCaptureRelaxed) return CUDA_ERROR_INVALID_VALUE;
  if (stream->legacy()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (stream->capture) return CUDA_ERROR_INVALID_VALUE;
  auto* capture = new Capture{new_graph(), stream, mode, std::this_thread::get_id(),
                              ++captures_made, false, {stream}};
  captures().push_back(capture);
  stream->capture = capture;
  stream->tail.clear();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuStreamEndCapture(CUstream handle, CUgraph* graph) {
  CUDASIM_ENTER("cuStreamEndCapture", kContext);
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (graph) *graph = nullptr;
  Capture* capture = stream->capture;
  if (!capture) return CUDA_ERROR_INVALID_VALUE;
  if (capture->origin != stream) {
    capture->broken = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  }
  if (capture->mode != kCaptureRelaxed && capture->thread != std::this_thread::get_id()) {
    return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
  }
  CUresult status = capture->broken ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUDA_SUCCESS;
  // Every other stream's last node must lead back to the origin.
  if (!status) {
    std::set<GraphNode*> joined(stream->tail.begin(), stream->tail.end());
    for (auto node = capture->graph->nodes.rbegin(); node != capture->graph->nodes.rend(); ++node) {
      if (joined.count(node->get())) {
        joined.insert((*node)->dependencies.begin(), (*node)->dependencies.end());
      }
    }
    for (Stream* other : capture->streams) {
      for (GraphNode* last : other->tail) {
        if (!joined.count(last)) status = CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
      }
    }
  }
  Graph* captured = capture->graph;
  end_capture(capture);
  if (status || !graph) {
    delete_graph(captured);
    return status;
  }
  *graph = captured;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuStreamIsCapturing(CUstream handle, CaptureStatus* status) {
  CUDASIM_ENTER("cuStreamIsCapturing", kContext);
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (!status) return CUDA_ERROR_INVALID_VALUE;
  *status = !stream->capture         ? kCaptureNone
            : stream->capture->broken ? kCaptureInvalidated
                                      : kCaptureActive;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuStreamGetCaptureInfo_v2(CUstream handle, CaptureStatus* status,
                                               uint64_t* id, CUgraph* graph,
                                               const CUgraphNode** dependencies, size_t* count) {
  CUDASIM_ENTER("cuStreamGetCaptureInfo", kContext);
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  Capture* capture = stream->capture;
  *status = !capture ? kCaptureNone : capture->broken ? kCaptureInvalidated : kCaptureActive;
  if (*status != kCaptureActive) return CUDA_SUCCESS;
  if (id) *id = capture->id;
  if (graph) *graph = capture->graph;
  if (dependencies) *dependencies = stream->tail.data();
  if (count) *count = stream->tail.size();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuThreadExchangeStreamCaptureMode(CaptureMode* mode) {
  CUDASIM_ENTER("cuThreadExchangeStreamCaptureMode", kDriver);
  if (!mode) return CUDA_ERROR_INVALID_VALUE;
  std::swap(*mode, thread_capture_mode());
  return CUDA_SUCCESS;
}

// --- building ---

CUDASIM_API CUresult cuGraphCreate(CUgraph* graph, unsigned flags) {
  CUDASIM_ENTER("cuGraphCreate", kHealthy);
  if (!graph || flags) return CUDA_ERROR_INVALID_VALUE;
  *graph = new_graph();
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphDestroy(CUgraph graph) {
  CUDASIM_ENTER("cuGraphDestroy", kDriver);
  if (!is_graph(graph)) return CUDA_ERROR_INVALID_VALUE;
  delete_graph(graph);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphClone(CUgraph* clone, CUgraph original) {
  CUDASIM_ENTER("cuGraphClone", kHealthy);
  if (!clone || !is_graph(original)) return CUDA_ERROR_INVALID_VALUE;
  Graph* copy = new_graph();
  std::map<GraphNode*, GraphNode*> image;
  for (const auto& node : original->nodes) {
    std::vector<GraphNode*> dependencies;
    for (GraphNode* needed : node->dependencies) dependencies.push_back(image.at(needed));
    image[node.get()] = copy->add(node->type, node->work, dependencies);
  }
  *clone = copy;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphAddKernelNode_v2(CUgraphNode* node, CUgraph graph,
                                             const CUgraphNode* dependencies, size_t count,
                                             const CUDA_KERNEL_NODE_PARAMS* values) {
  CUDASIM_ENTER("cuGraphAddKernelNode", kHealthy);
  KernelWork work;
  if (CUresult status = kernel_work(values, &work)) return status;
  return add_node(node, graph, dependencies, count, kNodeKernel, std::move(work));
}

CUDASIM_API CUresult cuGraphAddMemcpyNode(CUgraphNode* node, CUgraph graph,
                                          const CUgraphNode* dependencies, size_t count,
                                          const CUDA_MEMCPY3D* copy, CUcontext) {
  CUDASIM_ENTER("cuGraphAddMemcpyNode", kHealthy);
  CopyWork work;
  if (!copy) return CUDA_ERROR_INVALID_VALUE;
  if (CUresult status = make_copy_work(*copy, &work)) return status;
  return add_node(node, graph, dependencies, count, kNodeMemcpy, work);
}

CUDASIM_API CUresult cuGraphAddMemsetNode(CUgraphNode* node, CUgraph graph,
                                          const CUgraphNode* dependencies, size_t count,
                                          const CUDA_MEMSET_NODE_PARAMS* fill, CUcontext) {
  CUDASIM_ENTER("cuGraphAddMemsetNode", kHealthy);
  FillWork work;
  if (CUresult status = fill_work(fill, &work)) return status;
  return add_node(node, graph, dependencies, count, kNodeMemset, work);
}

CUDASIM_API CUresult cuGraphAddHostNode(CUgraphNode* node, CUgraph graph,
                                        const CUgraphNode* dependencies, size_t count,
                                        const CUDA_HOST_NODE_PARAMS* values) {
  CUDASIM_ENTER("cuGraphAddHostNode", kHealthy);
  if (!values || !values->fn) return CUDA_ERROR_INVALID_VALUE;
  return add_node(node, graph, dependencies, count, kNodeHost,
                  HostWork{values->fn, values->userData});
}

CUDASIM_API CUresult cuGraphAddEmptyNode(CUgraphNode* node, CUgraph graph,
                                         const CUgraphNode* dependencies, size_t count) {
  CUDASIM_ENTER("cuGraphAddEmptyNode", kHealthy);
  return add_node(node, graph, dependencies, count, kNodeEmpty, EmptyWork{});
}

CUDASIM_API CUresult cuGraphAddChildGraphNode(CUgraphNode* node, CUgraph graph,
                                              const CUgraphNode* dependencies, size_t count,
                                              CUgraph child) {
  CUDASIM_ENTER("cuGraphAddChildGraphNode", kHealthy);
  if (!is_graph(child)) return CUDA_ERROR_INVALID_VALUE;
  auto plan = make_plan(*child, settings().order);
  if (!plan) return CUDA_ERROR_INVALID_VALUE;
  return add_node(node, graph, dependencies, count, kNodeGraph, GraphWork{plan});
}

CUDASIM_API CUresult cuGraphAddDependencies(CUgraph graph, const CUgraphNode* from,
                                            const CUgraphNode* to, size_t count) {
  CUDASIM_ENTER("cuGraphAddDependencies", kHealthy);
  if (!is_graph(graph) || !belong(*graph, from, count) || !belong(*graph, to, count)) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  for (size_t i = 0; i < count; i++) to[i]->dependencies.push_back(from[i]);
  return CUDA_SUCCESS;
}

// --- looking ---

CUDASIM_API CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode* nodes, size_t* count) {
  CUDASIM_ENTER("cuGraphGetNodes", kHealthy);
  if (!is_graph(graph) || !count) return CUDA_ERROR_INVALID_VALUE;
  if (nodes) {
    *count = std::min(*count, graph->nodes.size());
    for (size_t i = 0; i < *count; i++) nodes[i] = graph->nodes[i].get();
  } else {
    *count = graph->nodes.size();
  }
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphNodeGetType(CUgraphNode node, int* type) {
  CUDASIM_ENTER("cuGraphNodeGetType", kHealthy);
  if (!is_node(node) || !type) return CUDA_ERROR_INVALID_VALUE;
  *type = node->type;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphNodeGetDependencies(CUgraphNode node, CUgraphNode* dependencies,
                                                size_t* count) {
  CUDASIM_ENTER("cuGraphNodeGetDependencies", kHealthy);
  if (!is_node(node) || !count) return CUDA_ERROR_INVALID_VALUE;
  if (dependencies) {
    *count = std::min(*count, node->dependencies.size());
    for (size_t i = 0; i < *count; i++) dependencies[i] = node->dependencies[i];
  } else {
    *count = node->dependencies.size();
  }
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphKernelNodeGetParams_v2(CUgraphNode node,
                                                   CUDA_KERNEL_NODE_PARAMS* values) {
  CUDASIM_ENTER("cuGraphKernelNodeGetParams", kHealthy);
  if (!is_node(node) || !values) return CUDA_ERROR_INVALID_VALUE;
  auto* work = std::get_if<KernelWork>(&node->work);
  if (!work) return CUDA_ERROR_INVALID_VALUE;
  node->values = work->arguments.values();
  *values = {work->function, work->grid.x, work->grid.y, work->grid.z,
             work->block.x,  work->block.y, work->block.z, work->dynamic_shared,
             node->values.data(), nullptr, nullptr, nullptr};
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphKernelNodeSetParams_v2(CUgraphNode node,
                                                   const CUDA_KERNEL_NODE_PARAMS* values) {
  CUDASIM_ENTER("cuGraphKernelNodeSetParams", kHealthy);
  if (!is_node(node) || node->type != kNodeKernel) return CUDA_ERROR_INVALID_VALUE;
  KernelWork work;
  if (CUresult status = kernel_work(values, &work)) return status;
  node->work = std::move(work);
  return CUDA_SUCCESS;
}

// --- executing ---

CUDASIM_API CUresult cuGraphInstantiateWithFlags(CUgraphExec* exec, CUgraph graph,
                                                 unsigned long long) {
  CUDASIM_ENTER("cuGraphInstantiate", kSynchronous);
  if (!exec || !is_graph(graph)) return CUDA_ERROR_INVALID_VALUE;
  auto plan = make_plan(*graph, settings().order);
  if (!plan) return CUDA_ERROR_INVALID_VALUE;
  *exec = new GraphExec{current_context(), plan};
  execs().insert(*exec);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphUpload(CUgraphExec exec, CUstream) {
  CUDASIM_ENTER("cuGraphUpload", kHealthy);
  return execs().count(exec) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUDASIM_API CUresult cuGraphLaunch(CUgraphExec exec, CUstream handle) {
  CUDASIM_ENTER("cuGraphLaunch", kHealthy);
  if (!execs().count(exec)) return CUDA_ERROR_INVALID_VALUE;
  Stream* stream = resolve_stream(handle, current_context());
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (CUresult status = forbid_captured(stream)) return status;
  return submit(stream, GraphWork{exec->plan});
}

CUDASIM_API CUresult cuGraphExecDestroy(CUgraphExec exec) {
  CUDASIM_ENTER("cuGraphExecDestroy", kDriver);
  if (!execs().count(exec)) return CUDA_ERROR_INVALID_VALUE;
  execs().erase(exec);
  delete exec;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphExecKernelNodeSetParams_v2(CUgraphExec exec, CUgraphNode node,
                                                       const CUDA_KERNEL_NODE_PARAMS* values) {
  CUDASIM_ENTER("cuGraphExecKernelNodeSetParams", kHealthy);
  if (!find_step(exec, node, kNodeKernel)) return CUDA_ERROR_INVALID_VALUE;
  KernelWork work;
  if (CUresult status = kernel_work(values, &work)) return status;
  own_plan(exec);
  find_step(exec, node, kNodeKernel)->work = std::move(work);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphExecMemcpyNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                    const CUDA_MEMCPY3D* copy, CUcontext) {
  CUDASIM_ENTER("cuGraphExecMemcpyNodeSetParams", kHealthy);
  if (!copy || !find_step(exec, node, kNodeMemcpy)) return CUDA_ERROR_INVALID_VALUE;
  CopyWork work;
  if (CUresult status = make_copy_work(*copy, &work)) return status;
  own_plan(exec);
  find_step(exec, node, kNodeMemcpy)->work = work;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuGraphExecMemsetNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                    const CUDA_MEMSET_NODE_PARAMS* fill,
                                                    CUcontext) {
  CUDASIM_ENTER("cuGraphExecMemsetNodeSetParams", kHealthy);
  if (!find_step(exec, node, kNodeMemset)) return CUDA_ERROR_INVALID_VALUE;
  FillWork work;
  if (CUresult status = fill_work(fill, &work)) return status;
  own_plan(exec);
  find_step(exec, node, kNodeMemset)->work = work;
  return CUDA_SUCCESS;
}

// Takes the parameters of another graph of the same shape.
CUDASIM_API CUresult cuGraphExecUpdate_v2(CUgraphExec exec, CUgraph graph,
                                          CUgraphExecUpdateResultInfo* info) {
  CUDASIM_ENTER("cuGraphExecUpdate", kHealthy);
  if (!execs().count(exec) || !is_graph(graph)) return CUDA_ERROR_INVALID_VALUE;
  enum { kTopologyChanged = 2, kTypeChanged = 3 };
  auto refuse = [&](int result, GraphNode* node) {
    if (info) *info = {result, node, nullptr};
    return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  };
  auto fresh = make_plan(*graph, settings().order);
  if (!fresh) return refuse(kTopologyChanged, nullptr);
  auto& old_steps = exec->plan->steps;
  if (old_steps.size() != fresh->steps.size()) return refuse(kTopologyChanged, nullptr);
  for (size_t i = 0; i < old_steps.size(); i++) {
    GraphPlan::Step& step = fresh->steps[i];
    if (step.position != old_steps[i].position ||
        step.dependencies != old_steps[i].dependencies) {
      return refuse(kTopologyChanged, step.node);
    }
    if (step.type != old_steps[i].type) return refuse(kTypeChanged, step.node);
    step.node = old_steps[i].node;  // later updates still name the first graph's nodes
  }
  exec->plan = fresh;
  if (info) *info = {0, nullptr, nullptr};
  return CUDA_SUCCESS;
}
