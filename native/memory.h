// Memory for arrays. Large arrays come straight from the system, in huge pages if it has them, and go straight back. A heap
// would keep freed memory below memory in use, and hand out small pages, which the system fills 4 KB at a time.
#pragma once
#include <cstddef>

namespace dpo {

// 64-byte aligned memory of unspecified content. Throws std::bad_alloc.
void* takeMemory(size_t bytes);

// Frees what takeMemory(bytes) returned.
void giveMemory(void* memory, size_t bytes);

// Returns the heap's freed memory to the system, if the heap can do that.
void returnFreed();

}  // namespace dpo
