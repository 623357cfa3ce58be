# What `cmake --install` puts where, and the .deb that CPack makes of it (script/package).

include(GNUInstallDirs)
if(TARGET signalbox)
  install(TARGETS signalbox RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(FILES README.md CHANGELOG.md docs/operations.md docs/settings.md
        DESTINATION "${CMAKE_INSTALL_DOCDIR}")
# Debian reads the licence from a file of this name.
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME copyright)
# Filled in when it is installed: only then is the prefix certain. Not CMAKE_INSTALL_LIBDIR: systemd
# looks in lib, whatever the architecture.
install(CODE "configure_file(\"${CMAKE_CURRENT_SOURCE_DIR}/packaging/signalbox.service.in\"
                             \"${CMAKE_CURRENT_BINARY_DIR}/signalbox.service\" @ONLY)")
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/signalbox.service" DESTINATION lib/systemd/system)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME signalbox)
set(CPACK_PACKAGE_VENDOR "The Signalbox authors")
set(CPACK_PACKAGE_CONTACT "The Signalbox authors <signalbox@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
    "An event backbone in one binary. Unmodified AWS SDKs put events on its buses, rules
 route them by JSON patterns, queues deliver them, and what was acknowledged is on disk.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What targets with https are verified against.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, tzdata")
include(CPack)
