// The text of a message on its way through a person's editor.
#pragma once

#include <string>

namespace signalbox {

// A file that only its user may read, gone with the object unless it is kept.
class EditedFile {
 public:
  ~EditedFile();
  EditedFile() = default;
  EditedFile(const EditedFile&) = delete;
  EditedFile& operator=(const EditedFile&) = delete;

  // Whether somebody is there: a terminal, or an editor that the environment names.
  static bool is_possible();
  // Opens $VISUAL, $EDITOR or vi on the text and waits for its end. What went wrong, or empty; text
  // then is what was saved. An end of line that the editor added at the very end is taken off.
  std::string edit(std::string& text);
  // Leaves the file, for a text that could not be handed on, and says where. Empty: there is none.
  std::string keep();

 private:
  std::string path_;
};

}  // namespace signalbox
