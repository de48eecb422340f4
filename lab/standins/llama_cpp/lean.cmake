# Included by project(llama.cpp): less work for the compiler, nothing of the program left out.
function(lean_targets)
  foreach(target llama-common server-context llama-server-impl)
    if(TARGET ${target})
      target_precompile_headers(${target} PRIVATE
        <algorithm> <array> <atomic> <chrono> <climits> <cmath> <cstdint> <cstring> <filesystem> <fstream> <functional> <iomanip>
        <iostream> <list> <map> <memory> <mutex> <optional> <random> <regex> <set> <sstream> <string> <string_view> <thread>
        <unordered_map> <unordered_set> <vector>)
    endif()
  endforeach()
  # Those of one kind of model each define names of their own only; of the others some must not be seen together.
  get_target_property(sources mtmd SOURCES)
  list(FILTER sources INCLUDE REGEX "^models/[^/]*cpp$")
  list(TRANSFORM sources PREPEND "${CMAKE_SOURCE_DIR}/tools/mtmd/")
  set_property(TARGET mtmd PROPERTY UNITY_BUILD ON)
  set_property(TARGET mtmd PROPERTY UNITY_BUILD_MODE GROUP)
  set_source_files_properties(${sources} TARGET_DIRECTORY mtmd PROPERTIES UNITY_GROUP models)
endfunction()
cmake_language(DEFER CALL lean_targets)
