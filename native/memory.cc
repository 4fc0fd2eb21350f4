#include "memory.h"

#include <cstdint>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace dpo {

namespace {

constexpr std::align_val_t kAlign{64};

#if defined(__linux__)
constexpr size_t kHugePage = size_t{2} << 20, kPage = size_t{4} << 10;

size_t roundedUp(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

// Begins where a huge page does. What was mapped before and after that is unmapped again.
void* mapMemory(size_t bytes) {
  const size_t length = roundedUp(bytes, kPage), more = length + kHugePage;
  void* const mapped = mmap(nullptr, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  char* const first = static_cast<char*>(mapped);
  const uintptr_t at = reinterpret_cast<uintptr_t>(mapped);
  char* const begin = first + (roundedUp(at, kHugePage) - at);
  if (begin > first) munmap(first, static_cast<size_t>(begin - first));
  munmap(begin + length, static_cast<size_t>(first + more - (begin + length)));
  // If there are no huge pages, this fails, and pages stay small.
  madvise(begin, length, MADV_HUGEPAGE);
  return begin;
}
#endif

}  // namespace

void* takeMemory(size_t bytes) {
#if defined(__linux__)
  if (bytes >= kHugePage) return mapMemory(bytes);
#endif
  return ::operator new(bytes, kAlign);
}

void giveMemory(void* memory, size_t bytes) {
#if defined(__linux__)
  if (bytes >= kHugePage) {
    munmap(memory, roundedUp(bytes, kPage));
    return;
  }
#else
  static_cast<void>(bytes);
#endif
  ::operator delete(memory, kAlign);
}

void returnFreed() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

}  // namespace dpo
