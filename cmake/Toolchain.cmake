# Compiler settings that hold for every target, and the one way to declare a folder's library.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wnon-virtual-dtor -fstack-protector-strong)
# Designated initializers name what differs from the defaults; the rest is meant to be left out.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers>)
# gcc 12 reports false overreads and dangling pointers inside its own std::string when it inlines
# deeply.
add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-stringop-overread>
                    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
add_link_options(-Wl,-z,relro,-z,now)
if(SIGNALBOX_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "SIGNALBOX_FUZZ needs clang: CXX=clang++ CC=clang cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SIGNALBOX_SANITIZE)
  add_compile_options(-fsanitize=${SIGNALBOX_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SIGNALBOX_SANITIZE})
else()
  add_compile_definitions($<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()

# signalbox_library(FOLDER LINK targets...): every .cc of the folder and its subfolders.
function(signalbox_library folder)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*.cc")
  if(NOT sources)
    add_library(signalbox_${folder} INTERFACE)
    target_include_directories(signalbox_${folder} INTERFACE "${CMAKE_SOURCE_DIR}")
    target_link_libraries(signalbox_${folder} INTERFACE ${arg_LINK})
    return()
  endif()
  add_library(signalbox_${folder} STATIC ${sources})
  target_include_directories(signalbox_${folder} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_link_libraries(signalbox_${folder} PUBLIC ${arg_LINK})
endfunction()
